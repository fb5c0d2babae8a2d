import * as recommended from "./axios-auth-refresh.mjs"

/**
 * The recommended option lets every 401 that arrives during a refresh fail. Without it they all wait for the same one, as
 * long as the refresh call itself goes another way, which ours does.
 */
export const setup = (config) => recommended.setup(config, { deduplicateRefresh: false })
