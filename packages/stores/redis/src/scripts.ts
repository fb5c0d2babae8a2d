/**
 * What has to be atomic, in Lua. Scripts are sent whole (`EVAL`), not by hash: a renewal is rare, and a server that was
 * restarted or failed over never answers `NOSCRIPT`. Each may run twice with the same arguments and then says the same.
 */

/** Milliseconds by the server's clock: those of a fleet differ. */
const NOW = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)`

/** Stores ARGV[1] (version) and ARGV[2] (text) in KEYS[1], or returns ARGV[3]. */
const STORE = `local stored = redis.call('HMGET', KEYS[1], 'version', 'text')
local version, next = tonumber(stored[1] or '0'), tonumber(ARGV[1])
if version ~= next - 1 and not (version == next and stored[2] == ARGV[2]) then return ARGV[3] end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'text', ARGV[2])`

/** KEYS: record. Answers with version, text, and the server's clock. */
export const READ = `${NOW}
local stored = redis.call('HMGET', KEYS[1], 'version', 'text')
return {stored[1] or '0', stored[2] or '', tostring(now)}`

// Whoever may not publish is still allowed to store: `pcall`.
const TELL = `redis.pcall('PUBLISH', ARGV[4], '')`

/** KEYS: record. ARGV: version, text, answer when it may not be stored, channel. */
export const WRITE = `${STORE}
redis.call('PERSIST', KEYS[1])
${TELL}
return 'stored'`

/** KEYS: lease. ARGV: owner, milliseconds. */
export const ACQUIRE = `local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 'taken' end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 'acquired'`

/** KEYS: lease. ARGV: owner, channel. */
export const RELEASE = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'not yours' end
redis.call('DEL', KEYS[1])
redis.pcall('PUBLISH', ARGV[2], '')
return 'released'`

/** KEYS: holders. ARGV: holder, milliseconds. The set lives as long as the one of its members that lives longest. */
export const HOLD = `${NOW}
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('PEXPIREAT', KEYS[1], redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2])
return 'held'`

/** KEYS: record, holders. ARGV: version ('' to store nothing), text, 'changed', channel, holder, the record's milliseconds. */
export const LEAVE = `${NOW}
redis.call('ZREM', KEYS[2], ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('ZCARD', KEYS[2]) > 0 then return 'held' end
if ARGV[1] == '' then return 'left' end
${STORE}
redis.call('PEXPIRE', KEYS[1], ARGV[6])
${TELL}
return 'left'`

/** KEYS: holders, lease. How many hold, and for how many milliseconds the lease still runs, with a space between. */
export const COUNT = `${NOW}
return redis.call('ZCOUNT', KEYS[1], '(' .. now, '+inf') .. ' ' .. math.max(0, redis.call('PTTL', KEYS[2]))`
