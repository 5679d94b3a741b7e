import type { MeetingFacts, PageFacts } from "../core/lineage.ts";
import type { TableName } from "../core/records/table.ts";

/** A project or client, and its page; at least one of the two is known. */
export type PageSubject = {
  readonly recordId: string | null;
  readonly pageId: string | null;
  readonly name: string | null;
};

/** Reading what the ledger says of one record, at one instant. Writes nothing. Fails with party "d1", kinds as in RunStore. */
export type LineageStore = {
  /** Null if no listing ever showed a meeting of that id. Lists are cut to the newest `limit`. */
  meeting(id: string, limit: number): Promise<MeetingFacts | null>;
  /** What an id may mean: that of a record or page, or a project's job number. At most `limit`, deleted ones last. */
  pageSubjects(sync: TableName, id: string, limit: number): Promise<{ items: PageSubject[]; cursor: null }>;
  page(sync: TableName, subject: PageSubject, limit: number): Promise<PageFacts>;
  /** Ids of meetings, or of records of a table, that begin so, in their order. */
  idsLike(
    kind: "meetings" | TableName,
    prefix: string,
    limit: number,
  ): Promise<{ items: string[]; cursor: null }>;
  /** Ids of live meetings' vectors, of the live index, in the order of the text. */
  liveVectors(documentId: string, limit: number): Promise<{ items: string[]; cursor: null }>;
};
