import { FailureError } from "../../core/errors.ts";
import type { QuotaReading } from "../../core/quota.ts";
import type { NotionPage, NotionReply, PageList, WriteOutcome } from "../../ports/notion.ts";
import type { Answer } from "./api-call.ts";
import { field, listIn, textIn } from "./wire-fields.ts";
import { wirePageOf, type WirePage } from "./wire-pages.ts";

/** Notion says nothing of the budget unless it refuses. Source: Notion docs, "Request limits". */
const NO_READING: QuotaReading = { limit: null, remaining: null, windowEndsMs: null };

/** What a call brought, as the port gives it. */
export function replyOf<T>(value: T): NotionReply<T> {
  return { value, quota: NO_READING };
}

/** The object of a read. @throws FailureError what the call came to otherwise */
export function objectOf(answer: Answer): unknown {
  if ("body" in answer) return answer.body;
  throw new FailureError(answer.trouble.failure);
}

/** The object of a read, null if this token sees none. @throws FailureError as `objectOf` */
export function objectOrNull(answer: Answer): unknown {
  return "trouble" in answer && answer.trouble.isMissing ? null : objectOf(answer);
}

/** End a read whose reply lacks what Notion's contract promises. */
export function broken(what: string, lacks: string): never {
  throw new FailureError({ kind: "defect", party: "notion", detail: `${what} without ${lacks}` });
}

/** The page of a reply; null if the token only knows that it is there. @throws FailureError defect */
export function pageOf(wire: unknown): NotionPage | null {
  const read = wirePageOf(wire);
  if (read.state === "broken") return broken("a page", read.lacks);
  return read.state === "whole" ? read.page : null;
}

/**
 * A page of a query. A row that breaks the contract is told apart from the others.
 *
 * @throws FailureError defect if the reply is broken as a whole: a row without an id, or several rows and not one of them whole
 */
export function pageListOf(wire: unknown): PageList {
  const rows = (listIn(wire, "results") ?? broken("a query's reply", "results"))
    // Wikis list data sources among their pages; these are no rows.
    .filter((row) => field(row, "object") !== "data_source")
    .map(wirePageOf);
  const lacking = rows.filter((row) => row.state === "broken");
  const [first] = lacking;
  const named = lacking.flatMap(({ id, lacks }) => (id === null ? [] : [{ id, lacks }]));
  const isNoneWhole = lacking.length > 1 && lacking.length === rows.length;
  if (first !== undefined && (isNoneWhole || named.length < lacking.length))
    return broken("a page", first.lacks);
  return {
    items: rows.flatMap((row) => (row.state === "whole" ? [row.page] : [])),
    partial: rows.flatMap((row) => (row.state === "partial" ? [row.id] : [])),
    broken: named,
    cursor: cursorIn(wire),
    isCapped: field(field(wire, "request_status"), "type") === "incomplete",
  };
}

/**
 * The rows of a query for equal text that hold exactly it: whether Notion minds case is written nowhere.
 *
 * @throws FailureError defect, or partial if a row that Notion counts in does not show its text
 */
export function matchesOf(
  wire: unknown,
  { propertyId, text }: { readonly propertyId: string; readonly text: string },
): readonly NotionPage[] {
  const { items, partial, broken: lacking } = pageListOf(wire);
  const [unread] = lacking;
  if (unread !== undefined) return broken("a page", unread.lacks);
  if (partial.length > 0) {
    const detail = `${partial.length} of the rows found are shown only in part`;
    throw new FailureError({ kind: "partial", party: "notion", detail });
  }
  return items.filter(({ properties }) => {
    const read = properties[propertyId]?.read;
    return read !== undefined && "value" in read && read.value === text;
  });
}

/** Where a listing goes on; null at its end. @throws FailureError defect if it does not say whether it ends */
export function cursorIn(wire: unknown): string | null {
  const hasMore = field(wire, "has_more");
  if (typeof hasMore !== "boolean") return broken("a list", "has_more");
  return hasMore ? (textIn(wire, "next_cursor") ?? broken("a list that goes on", "next_cursor")) : null;
}

/** An item of a long list property. @throws FailureError defect */
export function listItemOf(wire: unknown): string {
  const type = textIn(wire, "type") ?? "";
  const key = ITEM_KEYS.get(type) ?? broken("an item of a list", "a type that lists have");
  const item = field(field(wire, type), key);
  return typeof item === "string" ? item : broken("an item of a list", `${type}.${key}`);
}

/** What stands for an item, by the type of its list. */
const ITEM_KEYS: ReadonlyMap<string, string> = new Map([
  ["relation", "id"],
  ["people", "id"],
  ["title", "plain_text"],
  ["rich_text", "plain_text"],
]);

/**
 * What became of a write. Whatever leaves this open is a value, so that what was made is never lost with an error.
 *
 * @throws FailureError if it is certain that nothing was written
 */
export function outcomeOf(answer: Answer): WriteOutcome {
  if ("body" in answer) return written(wirePageOf(answer.body));
  const { failure, mayBeDone, madeId } = answer.trouble;
  if (!mayBeDone) throw new FailureError(failure);
  return { state: "unknown", pageId: madeId, detail: failure.detail };
}

/** Notion took the write; a reply that we cannot read is then no failure of it. */
function written(read: WirePage): WriteOutcome {
  if (read.state === "whole") return { state: "done", page: read.page };
  const detail =
    read.state === "partial"
      ? "the reply shows the page only in part"
      : `the reply is a page without ${read.lacks}`;
  return { state: "unknown", pageId: read.id, detail };
}
