import type { Announcement } from "../core/webhooks/announcement.ts";
import type { NotionEvent } from "../core/webhooks/notion-event.ts";
import type { NearbyPush } from "../core/webhooks/own-writes.ts";
import type { TableName } from "../core/records/table.ts";
import type { Fence, SyncName } from "./run-store.ts";

/** An event about a page or data source of ours, and what is known of it. */
type PlacedEvent = {
  readonly sync: TableName;
  /** The user that our token is. */
  readonly botId: string;
  /** Pushes to the page around the time of the event, at most 50. */
  readonly pushes: readonly NearbyPush[];
};

/** An event that our own bot has made, still open. */
export type OwnEvent = {
  readonly id: string;
  readonly kind: string;
  readonly eventMs: number | null;
  readonly receivedMs: number;
  readonly properties: readonly string[] | null;
  readonly pushes: readonly NearbyPush[];
};

/** What was announced and is open: a meeting, a page or a data source. */
export type Announced = {
  readonly subject: string;
  readonly kind: string;
  /** Reads that found it not ready yet; the most of its events. */
  readonly tries: number;
};

/** A verification token that came in a handshake. */
export type WebhookToken = {
  readonly fingerprint: string;
  readonly token: string;
  readonly receivedMs: number;
  readonly confirmedMs: number | null;
};

/** What is open and what has come of one vendor. */
export type InboxCount = {
  readonly vendor: Announcement["vendor"];
  readonly open: number;
  readonly lastReceivedMs: number | null;
};

/**
 * What vendors announce, in D1. Its rows are closed by the batches that write what was announced (RecordStore.commitPage,
 * TableStore.commit); here are the doors. Failures as in RunStore. Every write may be done twice. Times are world ms.
 */
export type WebhookInbox = {
  /**
   * Keep an event; a copy of one that is there changes nothing.
   *
   * @param row with `suspected`, pushes into whose window a person typed; closed at once if there is nothing to read
   * @returns whether it is new
   */
  keep(
    row: Announcement & {
      readonly sync: SyncName;
      readonly byUs: boolean;
      readonly properties: readonly string[] | null;
      readonly receivedMs: number;
      readonly suspected: readonly string[];
    },
  ): Promise<boolean>;
  /** Whose page or data source an event is about; null: none of ours. */
  place(event: NotionEvent): Promise<PlacedEvent | null>;
  /** What there is to do now, read at one instant: by age as well, as `clean` takes it. Reads only. */
  due(
    nowMs: number,
    oldBefore: { readonly rowsMs: number; readonly tokensMs: number },
  ): Promise<{
    /** Syncs with open events that others than our own bot have made, or that were judged to be no echo. */
    readonly syncs: readonly SyncName[];
    readonly hasOwn: boolean;
    readonly hasOld: boolean;
  }>;
  /** Open events that our own bot has made and that were not judged yet, oldest first. */
  ownEvents(nowMs: number, limit: number): Promise<{ items: OwnEvent[]; cursor: null }>;
  /** Close echoes, leave those that wait for later, and have the others taken up like anybody's. */
  judged(judgement: {
    readonly nowMs: number;
    readonly againMs: number;
    readonly echoes: readonly string[];
    readonly waiting: readonly string[];
    readonly others: readonly string[];
  }): Promise<void>;
  /** Delete rows that were received before a moment, at most `limit`, and tokens that have waited since before another. */
  clean(before: {
    readonly rowsMs: number;
    readonly tokensMs: number;
    readonly limit: number;
  }): Promise<void>;
  /** What is open for a sync and whose time has come, each subject once, longest waiting first. */
  open(
    sync: SyncName,
    asked: { readonly nowMs: number; readonly limit: number },
  ): Promise<{ items: Announced[]; cursor: null }>;
  /**
   * Leave a meeting or page that the vendor does not show for later, or for good, with a verdict of pending in the run.
   *
   * @param left `againMs` null: it is left to the listings
   */
  putOff(
    fence: Fence,
    left: {
      readonly runId: string;
      readonly subject: string;
      readonly observedMs: number;
      readonly nowMs: number;
      readonly againMs: number | null;
      readonly reason: string | null;
    },
  ): Promise<void>;
  /** Have the schema of a table read again, and close the events that said so. */
  forgetSchema(fence: Fence, sync: TableName, nowMs: number): Promise<void>;
  /** Pushes of a sync since then into which a person may have typed. */
  suspectedCount(sync: TableName, sinceMs: number): Promise<number>;

  counts(): Promise<{ items: InboxCount[]; cursor: null }>;
  tokens(): Promise<{ items: WebhookToken[]; cursor: null }>;
  /**
   * Keep a token until the owner says whether it is Notion's. One that is there already stays as it is.
   *
   * @returns `waits`; or `set up`: another is confirmed; or `full`: too many wait. Nothing was kept then
   */
  offerToken(
    token: Omit<WebhookToken, "confirmedMs">,
    waitingMax: number,
  ): Promise<"waits" | "set up" | "full">;
  /** Make a waiting token the one that counts, and drop all others. False: there is none of that name. */
  confirmToken(fingerprint: string, nowMs: number): Promise<boolean>;
  /** Drop all tokens, the confirmed one included. */
  dropTokens(): Promise<void>;
};
