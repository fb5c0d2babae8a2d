/** Writes a zip file: as much of the format (APPNOTE 6.3) as a handful of deflated files needs. */
import { crc32, deflateRawSync } from "node:zlib"

/** A file to be packed. */
export interface Entry {
  readonly name: string
  readonly text: string
}

/** 1980-01-01 00:00, the earliest time that the format knows: contents, not times, make the file. */
const dosDate = 0x0021

/** The fields that the header of an entry and its line in the directory have in common. */
const common = (entry: {
  readonly name: Buffer
  readonly packed: Buffer
  readonly size: number
  readonly crc: number
}) => {
  const fields = Buffer.alloc(26)
  fields.writeUInt16LE(20, 0) // version needed: deflate
  fields.writeUInt16LE(0x0800, 2) // names are UTF-8
  fields.writeUInt16LE(8, 4) // method: deflate
  fields.writeUInt16LE(0, 6)
  fields.writeUInt16LE(dosDate, 8)
  fields.writeUInt32LE(entry.crc, 10)
  fields.writeUInt32LE(entry.packed.length, 14)
  fields.writeUInt32LE(entry.size, 18)
  fields.writeUInt16LE(entry.name.length, 22)
  fields.writeUInt16LE(0, 24) // no extra field
  return fields
}

const signature = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** The bytes of a zip file that holds these files. */
export const zip = (files: ReadonlyArray<Entry>): Uint8Array => {
  const bodies: Array<Buffer> = []
  const directory: Array<Buffer> = []
  let offset = 0
  for (const file of files) {
    const content = Buffer.from(file.text)
    const entry = {
      name: Buffer.from(file.name),
      packed: deflateRawSync(content),
      size: content.length,
      crc: crc32(content)
    }
    const body = Buffer.concat([signature(0x04034b50), common(entry), entry.name, entry.packed])
    const rest = Buffer.alloc(14) // no comment, disk 0, no attributes
    rest.writeUInt32LE(offset, 10)
    directory.push(signature(0x02014b50), Buffer.from([20, 0]), common(entry), rest, entry.name)
    bodies.push(body)
    offset += body.length
  }
  const listing = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(files.length, 4)
  end.writeUInt16LE(files.length, 6)
  end.writeUInt32LE(listing.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...bodies, listing, signature(0x06054b50), end])
}
