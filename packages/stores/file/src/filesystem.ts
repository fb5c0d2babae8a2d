import { readFileSync } from "node:fs"

/** Magic numbers of `statfs(2)`: file systems that other machines, or the host of a virtual one, write to as well. */
const network: Readonly<Record<number, string>> = {
  26985: "NFS",
  4283649346: "CIFS",
  4266872130: "SMB",
  20859: "SMB",
  16914839: "9P",
  1397113167: "AFS",
  1799439955: "AFS",
  1937076805: "Coda",
  22092: "NCP",
  12805120: "Ceph",
  198183888: "Lustre",
  1196443219: "GPFS",
  1952539503: "OCFS2",
  18225520: "GFS2",
  428016422: "BeeGFS",
  2020557398: "a VirtualBox share",
  3133910204: "a VMware share",
  2088527475: "a Parallels share"
}

const FUSE = 0x65735546
/** File systems in user space that lie on a local disk. */
const localFuse = new Set([
  "fuseblk",
  "fuse.fuse-overlayfs",
  "fuse.gocryptfs",
  "fuse.encfs",
  "fuse.bindfs",
  "fuse.ntfs-3g"
])

/** The type of the mount that a folder is on, such as `fuse.sshfs` (proc(5), mountinfo): the longest mount point wins. */
export const mountType = (folder: string, mountinfo: string): string | undefined => {
  let found: { readonly point: string; readonly type: string } | undefined
  for (const line of mountinfo.split("\n")) {
    const [left = "", right = ""] = line.split(" - ")
    const point = left
      .split(" ")[4]
      ?.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    const type = right.split(" ")[0]
    if (point === undefined || type === undefined) continue
    const isBelow = folder === point || folder.startsWith(point.endsWith("/") ? point : `${point}/`)
    if (isBelow && point.length >= (found?.point.length ?? 0)) found = { point, type }
  }
  return found?.type
}

/**
 * The name of the network file system that a folder is on, or `undefined` when its locks can be trusted. Linux tells by
 * `type` (`statfs`); Windows by the path; elsewhere nothing can be told.
 */
export const untrusted = (
  folder: string,
  type: number,
  platform: NodeJS.Platform = process.platform,
  mountinfo: () => string = () => readFileSync("/proc/self/mountinfo", "utf8")
): string | undefined => {
  if (platform === "win32") return /^(\\\\|\/\/)(?![?.][\\/])/.test(folder) ? "a network share" : undefined
  if (platform !== "linux") return undefined
  const magic = type >>> 0
  if (magic !== FUSE) return network[magic]
  let name: string | undefined
  try {
    name = mountType(folder, mountinfo())
  } catch {
    name = undefined
  }
  return name !== undefined && localFuse.has(name) ? undefined : `a file system in user space (${name ?? "FUSE"})`
}
