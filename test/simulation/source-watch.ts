import { createHash } from "node:crypto";
import type { ControlInput } from "../../emulators/fireflies/control-ops.ts";
import type { FirefliesEmulator } from "../../emulators/fireflies/emulator.ts";
import { FIREFLIES_DEMO_KEY } from "../../emulators/fireflies/keys.ts";
import { listQuery } from "../../src/adapters/fireflies/query.ts";

/** What a meeting was from an instant on; `hash` null: it could not be seen. */
export type Version = { readonly fromMs: number; readonly hash: string | null };

/** A meeting of the source through time. */
export type MeetingHistory = {
  readonly id: string;
  /** Its place in the listing, ISO 8601; empty if it has no date. */
  readonly place: string;
  readonly versions: Version[];
};

const ONE_QUERY = listQuery([])
  .replace("query ListMeetings($limit: Int, $skip: Int)", "query One($id: String!)")
  .replace("transcripts(limit: $limit, skip: $skip)", "transcript(id: $id)");

/**
 * What the source really was at each instant: a second workspace, equal to the first, that takes the same changes and is
 * asked without faults. The program never sees it.
 */
export class SourceWatch {
  readonly histories = new Map<string, MeetingHistory>();
  readonly #twin: FirefliesEmulator;
  readonly #nowMs: () => number;

  constructor(twin: FirefliesEmulator, nowMs: () => number) {
    this.#twin = twin;
    this.#nowMs = nowMs;
    twin.control({ op: "plan", plan: "business" });
  }

  /** Make the same change as at the source, and note what it did. */
  async change(id: string, op: ControlInput): Promise<void> {
    this.#twin.control(op);
    await this.look(id);
  }

  /** Note what a meeting is now. */
  async look(id: string): Promise<void> {
    this.#twin.control({ op: "quota", perDay: 1_000_000, used: 0, unblock: true });
    const request = new Request("https://api.fireflies.ai/graphql", {
      method: "POST",
      headers: { authorization: `Bearer ${FIREFLIES_DEMO_KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ query: ONE_QUERY, variables: { id } }),
    });
    const body = (await (await this.#twin.fetch(request)).json()) as {
      data?: { transcript?: Record<string, unknown> | null };
    };
    const transcript = body.data?.transcript ?? null;
    const hash =
      transcript === null ? null : createHash("sha256").update(canonical(transcript)).digest("hex");
    const dateString = transcript?.["dateString"];
    const place = typeof dateString === "string" ? dateString : "";
    const history = this.histories.get(id) ?? { id, place, versions: [] };
    if (history.versions.at(-1)?.hash !== hash) history.versions.push({ fromMs: this.#nowMs(), hash });
    this.histories.set(id, history);
  }

  /** Ids that the source shows now. */
  visibleIds(): string[] {
    return [...this.histories.values()]
      .filter(({ versions }) => (versions.at(-1)?.hash ?? null) !== null)
      .map(({ id }) => id);
  }

  close(): Promise<void> {
    return this.#twin.close();
  }
}

/** JSON with sorted keys at every level, without media links: written anew, so that it can disagree with the program. */
function canonical(transcript: Record<string, unknown>): string {
  const { audio_url: _audio, video_url: _video, ...content } = transcript;
  const isPlain = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  return JSON.stringify(content, (_, value: unknown) =>
    isPlain(value)
      ? Object.fromEntries(
          Object.keys(value)
            .sort()
            .map((key) => [key, value[key]]),
        )
      : value,
  );
}
