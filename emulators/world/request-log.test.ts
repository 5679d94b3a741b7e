import { expect, it } from "vitest";
import { type LogEntry, openRequestLog } from "./request-log.ts";
import { openWorldFile } from "./world-file.ts";

const entry: Omit<LogEntry, "seq"> = {
  at: "2026-05-08T15:00:00.000Z",
  atMs: Date.UTC(2026, 4, 8, 15),
  realMs: 0,
  operation: "List",
  fields: ["transcripts"],
  variables: {},
  status: 200,
  error: null,
  fault: null,
  early: false,
  counted: true,
  acceptEncoding: null,
  responseBytes: 10,
  gzipped: false,
  openConnections: 1,
  items: 0,
};

it("keeps the newest ten thousand entries, numbered without gaps", () => {
  const database = openWorldFile(undefined, "log", "another folder");
  const log = openRequestLog<LogEntry>(database);
  for (let i = 0; i < 10_200; i += 1) log.append({ ...entry, items: i });
  const entries = log.entries();
  expect(entries).toHaveLength(10_000);
  expect(entries[0]).toMatchObject({ seq: 201, items: 200 });
  expect(entries.at(-1)).toEqual({ ...entry, seq: 10_200, items: 10_199 });
  database.close();
});
