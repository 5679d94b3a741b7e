import { revisionKey, sha256Hex } from "../core/identity.ts";
import { checkMeeting } from "../core/mapping/fireflies-meeting.ts";
import { expiryOf } from "../core/mapping/fireflies-revision.ts";
import { MEDIA_URL_LIFE_MS, MEDIA_URL_RENEW_BEFORE_MS } from "../core/policy.ts";
import type { Known, MeetingChange, Revision, SightingState } from "../ports/record-store.ts";
import type { ListedMeeting } from "../ports/sources.ts";
import type { StepScope } from "./durably.ts";
import type { RunContext } from "./run-context.ts";

/** One meeting of a page, by reference: bodies stay in R2. */
export type PageItem =
  | {
      readonly id: string;
      readonly as: Exclude<SightingState, "failed">;
      readonly proven: boolean;
      readonly recording?: { url: string; expiresMs: number };
    }
  | { readonly id: string; readonly as: "revision"; readonly revision: Revision; readonly proven: boolean }
  | {
      readonly id: string;
      readonly as: "failed";
      readonly dateString: string;
      readonly reason: string;
      readonly proven: boolean;
    };

/** Store a meeting's revision if it is new. What is known under the same hash is only referred to. */
export async function keepItem(
  context: RunContext,
  scope: StepScope,
  { item, known }: { item: ListedMeeting; known: Known | undefined },
): Promise<PageItem> {
  const proven = known?.proven ?? true;
  if (item.unreadable.length > 0) {
    return {
      id: item.id,
      as: "failed",
      dateString: item.dateString,
      reason: `the source could not read ${item.unreadable.join(", ")}`,
      proven,
    };
  }
  const nowMs = context.ports.world.nowMs();
  const contentHash = await sha256Hex(item.revision);
  const audioExpiresMs =
    item.audioUrl === null ? null : (expiryOf(item.audioUrl) ?? nowMs + MEDIA_URL_LIFE_MS);
  const settled = known?.contentHash === contentHash && known.state !== "pending" && known.state !== "failed";
  if (settled) {
    const renew = audioExpiresMs !== null && (known.audioExpiresMs ?? 0) < nowMs + MEDIA_URL_RENEW_BEFORE_MS;
    const recording =
      renew && item.audioUrl !== null ? { recording: { url: item.audioUrl, expiresMs: audioExpiresMs } } : {};
    return { id: item.id, as: known.state, proven, ...recording };
  }
  const base = {
    id: item.id,
    dateString: item.dateString,
    contentHash,
    audioUrl: item.audioUrl,
    audioExpiresMs,
  };
  // What is pending may have ripened by age alone: it is judged again, from the revision that is stored already.
  if (known?.contentHash === contentHash && known.state === "pending") {
    const { revisionKey, storedSha256, storedBytes } = known;
    return {
      id: item.id,
      as: "revision",
      revision: { ...base, revisionKey, storedSha256, storedBytes },
      proven,
    };
  }
  const key = await revisionKey(item.id, contentHash);
  const { stored } = await scope.timed("store", () => context.ports.raw.putText(key, item.revision));
  const revision = { ...base, revisionKey: key, storedSha256: stored.sha256, storedBytes: stored.sizeBytes };
  return { id: item.id, as: "revision", revision, proven };
}

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
