/** What a body may refer to. */
export interface Ground {
  /** A topic of one partition that exists. */
  readonly topic: string
  readonly topicId: string
  /** A name that nobody else uses: for a group, a member or a transactional id. */
  readonly fresh: string
  /** As `fresh`, where an id has to be a UUID. */
  readonly freshId: string
}
