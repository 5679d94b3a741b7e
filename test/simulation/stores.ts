import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import type { Simulation } from "./simulation.ts";

/** A row of any table. */
export type Row = Readonly<Record<string, string | number | null>>;

/** Straight SQL, past every port. */
export async function rowsOf(sim: Simulation, sql: string): Promise<Row[]> {
  return (await sim.estate.d1.prepare(sql).all<Row>()).results;
}

/** sha256 as hex. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The text of a gzipped object of R2, or null. Nothing of the program's own reading is used. */
export function revisionAt(sim: Simulation, key: string): string | null {
  const bytes = sim.estate.r2.peek(key);
  if (bytes === null) return null;
  try {
    return gunzipSync(bytes).toString();
  } catch {
    return null;
  }
}
