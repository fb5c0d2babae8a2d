/** Attachments and pictures of persons: announced here, uploaded to an address of their own. */
import { actorOf } from "./actor.ts"
import { findHeld } from "./certifications.ts"
import { duplicate, invalid } from "./errors.ts"
import { type Call, created, done, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { findPerson, seesAll } from "./persons.ts"
import { type Attachment, found } from "./records.ts"
import type { Schema } from "./schema.ts"
import type { Uploads } from "./uploads.ts"
import type { Id } from "./world.ts"

/** Nothing is ever uploaded in vain here, so none has failed. */
const stateOf = (attachment: Attachment) => (attachment.content === null ? "InProgress" : "Completed")

/** Adds attachments, their links to certifications, and profile pictures. */
export const addAttachments = (route: Route, uploads: Uploads): void => {
  const owner = "/rp/api/v1/accounts/{accountId}/persons/{personId}"

  const show = (call: Call, attachment: Attachment): Schema<"Attachment"> => {
    const { content, personId, certificationIds, ...rest } = attachment
    const path = `attachments/accounts/${call.world.account.id}/persons/${personId}/${attachment.name}`
    return {
      ...rest,
      size: content?.bytes.length ?? 0,
      mimeType: content?.mimeType ?? null,
      binaryUrl: uploads.publish(call.origin, path, () => attachment.content ?? undefined),
      state: stateOf(attachment),
      certificationIds: [...certificationIds]
    }
  }

  /** The person's attachments that the caller may see. */
  const attachmentsOf = (call: Call, personId: Id): ReadonlyArray<Attachment> =>
    [...call.world.attachments.values()].filter(
      (one) => one.personId === personId && (seesAll(call.principal) || !one.isPrivate)
    )
  const find = (call: Call, id = call.id("id")): Attachment =>
    found(
      attachmentsOf(call, findPerson(call, call.id("personId")).id).find((one) => one.id === id),
      "id",
      id
    )
  const list = (call: Call, keep: (attachment: Attachment) => boolean) => {
    const fields = input.fromQuery(call.query, {
      offset: "number",
      limit: "number",
      state: "text",
      creatorId: "number"
    })
    const states = input.oneOf("InProgress", "Completed", "Failed", "All")
    const state = input.optional(fields, "state", states) ?? "Completed"
    const creatorId = input.optional(fields, "creatorId", input.id)
    const all = attachmentsOf(call, findPerson(call, call.id("personId")).id)
      .filter(keep)
      .filter((one) => state === "All" || stateOf(one) === state)
      .filter((one) => (creatorId ?? one.creatorId) === one.creatorId)
    return page(all, fields, { default: 100 }, (one) => show(call, one))
  }

  route("GET", `${owner}/attachments`, (call) => list(call, () => true))

  route("POST", `${owner}/attachments`, (call) => {
    const { world } = call
    const person = findPerson(call, call.id("personId"))
    const fields = input.object(call.body)
    const name = input.required(fields, "name", input.text(1, 250))
    for (const other of world.attachments.values())
      if (other.personId === person.id && other.name === name) throw duplicate("name", name)
    const attachment: Attachment = {
      id: world.nextId(),
      personId: person.id,
      name,
      isPrivate: input.optional(fields, "isPrivate", input.flag) ?? false,
      creatorId: actorOf(call).id,
      createdOn: call.now,
      content: null,
      certificationIds: new Set()
    }
    world.attachments.set(attachment.id, attachment)
    const uploadUrl = uploads.issue(call.origin, (content) => {
      attachment.content = content
    })
    return created({ ...show(call, attachment), uploadUrl })
  })

  route("GET", `${owner}/attachments/{id}`, (call) => ok(show(call, find(call))))

  route("DELETE", `${owner}/attachments/{id}`, (call) => {
    const attachment = find(call)
    attachment.content = null
    call.world.attachments.delete(attachment.id)
    return done
  })

  const links = `${owner}/certifications/{certId}/attachments`
  const certificationOf = (call: Call) =>
    findHeld(call, findPerson(call, call.id("personId")).id, call.id("certId")).certificationId
  const findLinked = (call: Call) => {
    const certificationId = certificationOf(call)
    const attachment = find(call)
    found(attachment.certificationIds.has(certificationId) || undefined, "id", attachment.id)
    return { attachment, certificationId }
  }

  route("GET", links, (call) => {
    const certificationId = certificationOf(call)
    return list(call, (one) => one.certificationIds.has(certificationId))
  })

  route("POST", links, (call) => {
    const certificationId = certificationOf(call)
    const { id, certificationIds } = find(call, input.required(input.object(call.body), "attachmentId", input.id))
    if (certificationIds.has(certificationId)) throw duplicate("attachmentId", id)
    certificationIds.add(certificationId)
    return done
  })

  route("GET", `${links}/{id}`, (call) => ok(show(call, findLinked(call).attachment)))

  route("DELETE", `${links}/{id}`, (call) => {
    const { attachment, certificationId } = findLinked(call)
    attachment.certificationIds.delete(certificationId)
    return done
  })

  route("PUT", `${owner}/profile-picture`, (call) => {
    const person = findPerson(call, call.id("personId"))
    const imageUrl =
      call.body === undefined || call.body === null
        ? null
        : input.replaced(input.object(call.body), "ImageUrl", input.text(1), null)
    if (imageUrl !== null) {
      if (!URL.canParse(imageUrl)) throw invalid("ImageUrl", imageUrl, "an address")
      Object.assign(person, { photoUrl: imageUrl, lastModifiedOn: call.now })
      return ok({ ImageUrl: imageUrl })
    }
    const path = `pictures/accounts/${call.world.account.id}/persons/${person.id}`
    const ImageUrl = uploads.issue(call.origin, (content) => {
      person.photoUrl = uploads.publish(call.origin, path, () => content)
    })
    return ok({ ImageUrl })
  })

  route("DELETE", `${owner}/profile-picture`, (call) => {
    Object.assign(findPerson(call, call.id("personId")), { photoUrl: null, lastModifiedOn: call.now })
    return done
  })
}
