import { revisionKey, sha256Hex } from "../core/identity.ts";
import { checkMeeting } from "../core/mapping/fireflies-meeting.ts";
import { expiryOf } from "../core/mapping/fireflies-revision.ts";
import { MEDIA_URL_LIFE_MS, MEDIA_URL_RENEW_BEFORE_MS } from "../core/policy.ts";
import type { Known, MeetingChange, Revision, SightingState } from "../ports/record-store.ts";
import type { ListedMeeting, ListedRow } from "../ports/sources.ts";
import { fail, type StepScope } from "./durably.ts";
import type { RunContext } from "./run-context.ts";

/** One meeting of a page, by reference: bodies stay in R2. */
export type PageItem =
  | {
      readonly id: string;
      readonly as: Exclude<SightingState, "failed" | "deleted">;
      readonly proven: boolean;
      readonly recording?: { url: string; expiresMs: number };
      /** It came in other bytes than before, and says the same. */
      readonly rewired?: { contentHash: string; wireHash: string };
    }
  | { readonly id: string; readonly as: "revision"; readonly revision: Revision; readonly proven: boolean }
  | {
      readonly id: string;
      readonly as: "failed";
      readonly dateString: string;
      readonly reason: string;
      readonly proven: boolean;
      /** False if it was not asked for this time. */
      readonly isTried: boolean;
    };

/** A meeting that the source shows, and what is known of it. */
export type Sighted = {
  readonly id: string;
  readonly dateString: string;
  readonly audioUrl: string | null;
} & (
  | { readonly item: ListedMeeting; readonly known: Known | undefined }
  /** It came in the bytes that are known, so it was not parsed. */
  | { readonly item: null; readonly known: Known }
);

/** Tell which rows of a page are known by their bytes; parse the others, and look them up by id. */
export async function sight({ ports }: RunContext, rows: readonly ListedRow[]): Promise<Sighted[]> {
  const hashes = rows.flatMap(({ wireHash }) => (wireHash === null ? [] : [wireHash]));
  const byWire = await ports.records.knownByWire(hashes);
  const recognised = rows.map(({ wireHash, audioUrl, read }) => {
    const known = wireHash === null ? undefined : byWire.get(wireHash);
    if (known === undefined || known.state === "failed" || known.state === "deleted") return read();
    return { id: known.id, dateString: known.dateString, audioUrl, item: null, known };
  });
  const read = recognised.filter((row) => "revision" in row);
  const byId = await ports.records.known(read.map(({ id }) => id));
  return recognised.map((row) => ("revision" in row ? sighted(row, byId.get(row.id)) : row));
}

/** A meeting that was parsed. */
export function sighted(item: ListedMeeting, known: Known | undefined): Sighted {
  const { id, dateString, audioUrl } = item;
  return { id, dateString, audioUrl, item, known };
}

/**
 * Store a meeting's revision if it is new. What is known under the same hash is only referred to.
 *
 * @param sightedRow with `again`: it is stored in any case, and judged again, for what is stored is damaged or its record is
 */
export async function keepItem(
  context: RunContext,
  scope: StepScope,
  { id, dateString, audioUrl, item, known, again = false }: Sighted & { readonly again?: boolean },
): Promise<PageItem> {
  const proven = known?.proven ?? true;
  if (item !== null && item.unreadable.length > 0) {
    const reason = `the source could not read ${item.unreadable.join(", ")}`;
    return { id, as: "failed", dateString, reason, proven, isTried: true };
  }
  const nowMs = context.ports.world.nowMs();
  const contentHash = item === null ? known.contentHash : await sha256Hex(item.revision);
  const wireHash = item === null ? known.wireHash : item.wireHash;
  const audioExpiresMs = audioUrl === null ? null : (expiryOf(audioUrl) ?? nowMs + MEDIA_URL_LIFE_MS);
  const isSame = !again && known?.contentHash === contentHash;
  // What was taken for deleted and is there again is judged like a new one: its row comes back.
  if (isSame && known.state !== "pending" && known.state !== "failed" && known.state !== "deleted") {
    const renew = audioExpiresMs !== null && (known.audioExpiresMs ?? 0) < nowMs + MEDIA_URL_RENEW_BEFORE_MS;
    return {
      id,
      as: known.state,
      proven,
      ...(renew && audioUrl !== null ? { recording: { url: audioUrl, expiresMs: audioExpiresMs } } : {}),
      ...(wireHash !== null && wireHash !== known.wireHash ? { rewired: { contentHash, wireHash } } : {}),
    };
  }
  const base = { id, dateString, contentHash, audioUrl, audioExpiresMs, wireHash };
  // What is pending may have ripened by age alone: it is judged again, from the revision that is stored already.
  if (isSame && known.state === "pending") {
    const { revisionKey, storedSha256, storedBytes } = known;
    return { id, as: "revision", revision: { ...base, revisionKey, storedSha256, storedBytes }, proven };
  }
  if (item === null)
    return fail({ kind: "defect", party: "engine", detail: "a failed meeting was not read" });
  const key = await revisionKey(id, contentHash);
  // It may be one that cleanup is to delete. While the store is being told, nobody may rely on it, be it there or not: that may
  // be told once more. It is put a little later; the others need not wait for that.
  if (!(await context.ports.cleanup.keepObject(key)))
    return { id, as: "failed", dateString, reason: BEING_DELETED, proven, isTried: true };
  const { stored } = await scope.timed("store", () => context.ports.raw.putText(key, item.revision));
  const revision = { ...base, revisionKey: key, storedSha256: stored.sha256, storedBytes: stored.sizeBytes };
  return { id, as: "revision", revision, proven };
}

const BEING_DELETED = "an earlier revision of this name is being deleted by cleanup";

/** Read a revision back from the raw store, compare its hash, and check what it says. */
export async function judgeRevision(
  context: RunContext,
  scope: StepScope,
  revision: Revision,
): Promise<MeetingChange | { state: "unreadable"; id: string; dateString: string; reason: string }> {
  const text = await scope.timed("read back", () => context.ports.raw.getText(revision.revisionKey));
  if (text === null || (await sha256Hex(text)) !== revision.contentHash) {
    return {
      state: "unreadable",
      id: revision.id,
      dateString: revision.dateString,
      reason: "the raw store gave back something else than was put",
    };
  }
  const checked = checkMeeting(text, context.ports.world.nowMs());
  if (checked.state === "valid") return { state: "live", revision, record: checked.record };
  if (checked.state === "pending") return { state: "pending", revision, reason: checked.waitsFor };
  return { state: "quarantined", revision, problems: checked.problems };
}
