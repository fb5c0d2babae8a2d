/** What an account keeps beside people, projects and who works on what. */
import type { Day, Range } from "./days.ts"
import { duplicate, forbidden } from "./errors.ts"
import type { Schema } from "./schema.ts"
import type { Id, Person, Project } from "./world.ts"

/** A UUID. */
export type Uuid = string

/** A piece of a project's work. Its roles have its dates. */
export interface Task extends Range {
  readonly id: Uuid
  readonly projectId: Id
  name: string
  startDate: Day
  endDate: Day
  readonly createdOn: string
  lastModifiedOn: string
}

/** A task with roles to make tasks after. They are made on the web pages only. */
export interface TaskTemplate {
  readonly id: Uuid
  readonly name: string
  readonly roles: ReadonlyArray<{ readonly name: string; readonly allocatedPercent: number }>
}

/** A phase that projects can have; the order of the account's phases is that of their map. */
export interface AccountPhase {
  readonly id: Id
  name: string
  includeOnNewProjects: boolean
}

/** What a project sorts its roles by. */
export interface RoleCategory {
  readonly id: Id
  readonly projectId: Id
  name: string
}

export type FieldType = Schema<"FieldType">

/** A custom field, or one that comes with Bench. */
export interface Field {
  readonly id: Id
  readonly of: "person" | "project"
  name: string
  readonly type: FieldType
  /** The values of a selection list. */
  choices: Array<{ readonly valueId: Id; text: string }> | null
  isRequired: boolean
  readonly isSystem: boolean
  isPrivate: boolean
  readonly isFinancials: boolean
  isLocked: boolean
  displayOrder: number | null
  /** The property of the person or project that the field shows, when the value is not kept apart from it. */
  readonly shows: "uniqueId" | "hourlyCostRate" | "projectNumber" | "externalId" | null
}

/** What a person or project has in a field. */
export interface FieldEntry {
  readonly values: ReadonlyArray<string>
  readonly lastModifiedOn: string
}

/** A custom field of projects that tells of experience, and the values that it knows. */
export interface ExperienceField {
  readonly id: Uuid
  readonly fieldId: Id
  readonly values: Map<Uuid, string>
}

/** Something that a person did before. */
export interface Experience {
  readonly id: Uuid
  readonly personId: Id
  readonly project: {
    readonly historicalProjectId: Uuid
    readonly projectName: string
    readonly projectDescription: string | null
    readonly projectStartDate: Day | null
    readonly projectEndDate: Day | null
    readonly companyName: string | null
  }
  roleName: string
  readonly currentCompany: boolean
  assignmentStartDate: Day | null
  assignmentEndDate: Day | null
  assignmentDuration: number
  assignmentHours: number | null
  /** Value ids by experience field. */
  readonly fields: Map<Uuid, Uuid>
}

export interface Certification {
  readonly id: Id
  name: string
  abbreviation: string | null
  requireExpiration: boolean
  daysWarnBeforeExpire: number | null
}

/** A certification that a person has; one of a kind. */
export interface PersonCertification {
  readonly personId: Id
  readonly certificationId: Id
  expiryDate: Day | null
  certificationDate: Day | null
  certificationDescription: string | null
}

export interface Attachment {
  readonly id: Id
  readonly personId: Id
  readonly name: string
  readonly isPrivate: boolean
  readonly creatorId: Id
  readonly createdOn: string
  /** Nothing until it was uploaded. */
  content: { readonly bytes: Uint8Array<ArrayBuffer>; readonly mimeType: string } | null
  readonly certificationIds: Set<Id>
}

export interface Grouping {
  readonly id: Id
  name: string
  lastModifiedOn: string
}

export interface Note {
  readonly id: Id
  readonly projectId: Id
  message: string
  isPrivate: boolean
  readonly creatorId: Id
  readonly creatorName: string
  readonly createdOn: string
  lastModifiedOn: string
}

/** Somebody who uses the account, as against the persons who are planned. */
export interface User {
  readonly id: Id
  name: string
  title: string | null
  team: string | null
  readonly email: string
  state: Schema<"UserState">
  group: string
  groupingPermissions: Schema<"GroupingPermissions">
  phoneNumber: string | null
  readonly createdOn: Day
  invitationId: Id | null
  readonly lastLoginOn: string | null
  /** Whether they sign in through their company. */
  singleSignOn: boolean
}

export interface Invitation {
  readonly id: Id
  readonly email: string
  readonly group: string | null
  readonly status: "Pending" | "Expired" | "Failed"
  readonly createdOn: string
  readonly groupingPermissions: Schema<"GroupingPermissions">
}

/** A login of a program. Its password is with the principals. */
export interface ServiceAccount {
  readonly id: Id
  name: string
  readonly login: string
  group: string
  allowedIPNetworks: ReadonlyArray<string> | null
  readonly createdOn: Day
}

/** A saved search of one login. */
export interface Filter {
  readonly id: Id
  readonly login: string
  name: string
  readonly type: Schema<"FilterType">
  predicates: string | null
  filtersSet: NonNullable<Schema<"Filter">["filtersSet"]> | null
}

/** Something that happened. */
export type Activity = Schema<"Activity">

/** All of it. */
export interface Records {
  readonly tasks: Map<Uuid, Task>
  readonly taskTemplates: Map<Uuid, TaskTemplate>
  readonly phases: Map<Id, AccountPhase>
  readonly categories: Map<Id, RoleCategory>
  readonly fields: Map<Id, Field>
  /** By person or project, then by field. */
  readonly fieldEntries: Map<Id, Map<Id, FieldEntry>>
  readonly experienceFields: Map<Uuid, ExperienceField>
  readonly experiences: Map<Uuid, Experience>
  readonly certifications: Map<Id, Certification>
  readonly personCertifications: Set<PersonCertification>
  readonly attachments: Map<Id, Attachment>
  readonly groupings: Map<Id, Grouping>
  readonly notes: Map<Id, Note>
  readonly users: Map<Id, User>
  readonly invitations: Map<Id, Invitation>
  readonly serviceAccounts: Map<Id, ServiceAccount>
  readonly filters: Map<Id, Filter>
  readonly sharedFilters: Set<Uuid>
  /** In the order in which they happened. */
  readonly activities: Array<Activity>
}

export const noRecords = (): Records => ({
  tasks: new Map(),
  taskTemplates: new Map(),
  phases: new Map(),
  categories: new Map(),
  fields: new Map(),
  fieldEntries: new Map(),
  experienceFields: new Map(),
  experiences: new Map(),
  certifications: new Map(),
  personCertifications: new Set(),
  attachments: new Map(),
  groupings: new Map(),
  notes: new Map(),
  users: new Map(),
  invitations: new Map(),
  serviceAccounts: new Map(),
  filters: new Map(),
  sharedFilters: new Set(),
  activities: []
})

/** The record, or 403: Bench does not tell what is missing from what may not be seen. */
export const found = <A>(record: A | undefined, field: string, id: Id | Uuid): A => {
  if (record === undefined) throw forbidden(field, id)
  return record
}

/** 409 when one of the others has this name, in whatever letter case. */
export const refuseTaken = <A extends { readonly name: string }>(others: Iterable<A>, name: string, self?: A): void => {
  for (const other of others) {
    if (other !== self && other.name.toLowerCase() === name.toLowerCase()) throw duplicate("name", name)
  }
}

export const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name.localeCompare(b.name, "en")

/** These groupings, each of which has to be one of the account. */
export const knownGroupings = (records: Records, ids: ReadonlyArray<Id>): ReadonlyArray<Id> => {
  for (const id of ids) found(records.groupings.get(id), "groupings", id)
  return [...new Set(ids)]
}

/** A person or a project: who has values in fields, and belongs to groupings. */
export type Owner = Person | Project
