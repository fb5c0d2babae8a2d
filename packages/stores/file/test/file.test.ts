import { execFileSync } from "node:child_process"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { inspect } from "node:util"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { fileStore, scopedFileStore } from "@keyturn/store-file"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { mountType, untrusted } from "../src/filesystem.ts"
import { defaultPath } from "../src/location.ts"

const folder = mkdtempSync(join(tmpdir(), "keyturn-"))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const path = () => join(folder, `${++files}`, "sessions.db")
const run = Effect.runPromise
const modeOf = (path: string) => statSync(path).mode & 0o777
const record = {
  version: 1,
  generation: 1,
  tokens: { accessToken: Redacted.make("canary-access"), tokenType: "Bearer", issuedAt: 1 }
}
const failureOf = async (path: string): Promise<string> => {
  await using store = fileStore({ path })
  const error = await run(Effect.flip(store.read("key")))
  assert.strictEqual(error._tag, "StoreUnavailable")
  return error.message
}

describe("the file", () => {
  it("is for its owner alone, with its folders, whatever the umask", async () => {
    const file = path()
    const mask = process.umask(0)
    try {
      await using store = fileStore({ path: file })
      await run(store.write("key", record))
      assert.strictEqual(modeOf(file), 0o600)
      assert.strictEqual(modeOf(`${file}-journal`), 0o600)
      assert.strictEqual(modeOf(join(file, "..")), 0o700)
      assert.strictEqual(modeOf(`${file}-live`), 0o700)
    } finally {
      process.umask(mask)
    }
  })

  it("is closed to others again when they were let in", async () => {
    const file = path()
    await using store = fileStore({ path: file })
    await run(store.write("key", record))
    await store.close()
    chmodSync(file, 0o664)
    await using again = fileStore({ path: file })
    assert.strictEqual((await run(again.read("key"))).version, 1)
    assert.strictEqual(modeOf(file), 0o600)
  })

  it("is the same by any link to it: one record, one lease (T14, T21)", async () => {
    const file = path()
    await using store = fileStore({ path: file })
    await run(store.write("key", record))
    const link = join(folder, "link.db")
    symlinkSync(file, link)
    await using linked = fileStore({ path: link })
    assert.strictEqual((await run(linked.read("key"))).version, 1)
    assert.isTrue(await run(store.acquire("key", "one", 60_000)))
    assert.isFalse(await run(linked.acquire("key", "two", 60_000)))
    await run(linked.write("key", { ...record, version: 2 }))
    assert.strictEqual((await run(store.read("key"))).version, 2)
    assert.isFalse(existsSync(`${link}-live`))
  })

  it("is opened anew when it was deleted or replaced, by every process: no two of them part (T21)", async () => {
    const file = path()
    await using one = fileStore({ path: file })
    await using two = fileStore({ path: file })
    await run(one.write("key", record))
    await run(two.write("key", { ...record, version: 2 }))
    renameSync(file, `${file}.old`)
    assert.strictEqual((await run(one.read("key"))).version, 0)
    await run(one.write("key", record))
    assert.strictEqual((await run(two.read("key"))).version, 1)
    rmSync(join(file, ".."), { recursive: true })
    assert.isTrue(await run(one.acquire("key", "one", 60_000)))
    assert.isFalse(await run(two.acquire("key", "two", 60_000)))
  })

  it("leaves nothing behind of processes that have gone", async () => {
    const file = path()
    for (let i = 0; i < 3; i++) {
      await using store = fileStore({ path: file })
      await run(store.acquire("key", `${i}`, 60_000))
    }
    assert.isEmpty(
      readdirSync(`${file}-live`).filter((name) => !["live.db", "live.db-journal", "open.lock"].includes(name))
    )
  })

  it("holds a session that others can use after all processes have ended", async () => {
    const file = path()
    await run(Effect.scoped(Effect.flatMap(scopedFileStore({ path: file }), (store) => store.write("key", record))))
    await using store = fileStore({ path: file })
    const { tokens } = await run(store.read("key"))
    assert.strictEqual(tokens && Redacted.value(tokens.accessToken), "canary-access")
  })

  it("holds no token in the clear when there is a key, and none of an ended session", async () => {
    const file = path()
    await using store = fileStore({ path: file, key: new Uint8Array(32).fill(1) })
    await run(store.write("key", record))
    assert.notInclude(readFileSync(file, "latin1"), "canary-access")
    const plain = path()
    await using open = fileStore({ path: plain })
    await run(open.write("key", record))
    assert.include(readFileSync(plain, "latin1"), "canary-access")
    await run(open.leave("key", "me", true))
    assert.notInclude(readFileSync(plain, "latin1"), "canary-access")
  })
})

describe("a file that cannot be used", () => {
  it("is refused when it is another program's database, no database, damaged, or of a newer version", async () => {
    const file = path()
    mkdirSync(join(file, ".."))
    const other = new DatabaseSync(file)
    other.exec("create table t (x)")
    other.close()
    assert.include(await failureOf(file), "another program's database")
    const text = join(folder, "text.db")
    writeFileSync(text, "this is no database, but some text that is long enough to be looked at")
    assert.include(await failureOf(text), "not an SQLite database")
    const newer = path()
    await using store = fileStore({ path: newer })
    await run(store.write("key", record))
    await store.close()
    const db = new DatabaseSync(newer)
    db.exec("pragma user_version = 99")
    db.close()
    assert.include(await failureOf(newer), "newer version")
  })

  it("is refused when what is stored is no session, and is never taken for a signed-out one (T20)", async () => {
    const file = path()
    await using store = fileStore({ path: file })
    await run(store.write("key", record))
    const db = new DatabaseSync(file)
    db.exec(`update session set record = substr(record, 1, 40)`)
    db.close()
    const error = await run(Effect.flip(store.read("key")))
    assert.include(error.message, "not a session")
    assert.notInclude(inspect(error, { depth: null }), "canary")
  })

  it("is refused below a file and in a folder that may not be written", async () => {
    assert.match(await failureOf("/dev/null/sessions.db"), /cannot be used \((ENOTDIR|EEXIST)\)/)
    assert.match(await failureOf("/proc/sessions.db"), /cannot be used|could not be/)
  })

  it("is refused after the store was closed", async () => {
    const store = fileStore({ path: path() })
    await store.close()
    await store.close()
    assert.include((await run(Effect.flip(store.read("key")))).message, "was closed")
  })

  it("is refused on network file systems, whose locks cannot be trusted", () => {
    const mounts = `22 1 0:20 / / rw - ext4 /dev/vda rw
30 22 0:30 / /mnt/far\\040away rw shared:1 - fuse.sshfs host:/ rw
31 22 0:31 / /var/lib rw - fuse.fuse-overlayfs overlay rw`
    const on = (type: number, folder = "/x") => untrusted(folder, type, "linux", () => mounts)
    assert.strictEqual(on(0x6969), "NFS")
    assert.strictEqual(on(0xff534d42), "CIFS")
    assert.strictEqual(on(0xff534d42 | 0), "CIFS") // as a signed number
    assert.strictEqual(on(0x01021997), "9P")
    assert.isUndefined(on(0xef53))
    assert.isUndefined(on(0x794c7630)) // overlayfs
    assert.include(on(0x65735546, "/mnt/far away/home"), "fuse.sshfs")
    assert.isUndefined(on(0x65735546, "/var/lib/keyturn"))
    assert.include(on(0x65735546, "/unheard/of"), "ext4")
    assert.strictEqual(mountType("/mnt/far away", mounts), "fuse.sshfs")
    assert.strictEqual(mountType("/mnt/far away2", mounts), "ext4")
    assert.strictEqual(untrusted("\\\\server\\share", 0, "win32"), "a network share")
    assert.isUndefined(untrusted("\\\\?\\C:\\Users", 0, "win32"))
    assert.isUndefined(untrusted("C:\\Users", 0, "win32"))
  })
})

describe("the default file", () => {
  it("is where the platform keeps a program's state; a relative XDG_STATE_HOME is ignored", () => {
    assert.strictEqual(defaultPath("linux", {}, "/home/me"), "/home/me/.local/state/keyturn/sessions.db")
    assert.strictEqual(defaultPath("linux", { XDG_STATE_HOME: "/s" }, "/home/me"), "/s/keyturn/sessions.db")
    assert.strictEqual(
      defaultPath("linux", { XDG_STATE_HOME: "s" }, "/home/me"),
      "/home/me/.local/state/keyturn/sessions.db"
    )
    assert.strictEqual(
      defaultPath("darwin", {}, "/Users/me"),
      "/Users/me/Library/Application Support/keyturn/sessions.db"
    )
  })
})

describe("an open store", () => {
  it("keeps no process alive", () => {
    const program = `
      import { fileStore } from "@keyturn/store-file"
      import * as Effect from "effect/Effect"
      import * as Scope from "effect/Scope"
      const store = fileStore({ path: ${JSON.stringify(path())} })
      const scope = Effect.runSync(Scope.make())
      await Effect.runPromise(Scope.provide(store.subscribe("key", () => {}), scope))
      await Effect.runPromise(store.hold("key", "me", 1000))
      console.log("done")`
    const cwd = new URL("..", import.meta.url)
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd,
      timeout: 20_000,
      stdio: "pipe"
    })
    assert.strictEqual(out.toString().trim(), "done")
  })
})
