/** RFC 6749 §2.3.1: id and secret are form-encoded before they are joined, so that either may hold any character. */
export const basic = (id: string, secret: string): string => {
  const encode = (text: string) => new URLSearchParams({ v: text }).toString().slice(2)
  return `Basic ${btoa(`${encode(id)}:${encode(secret)}`)}`
}
