import { describe, expect, it } from "vitest";
import {
  aNotion,
  aWireError,
  aWireList,
  aWirePage,
  READS,
  responseOf,
  WRITES,
} from "../in-process/notion.ts";

describe("Notion's client in workerd", () => {
  it("reads a page of rows", async () => {
    const { tables, requests } = await aNotion(() => responseOf({ body: aWireList([aWirePage()]) }));
    expect((await READS.query(tables)).value.items.length).toBe(1);
    expect(requests[0]?.headers.get("notion-version")).toBe("2026-03-11");
  });

  it("tells its errors apart", async () => {
    const { tables } = await aNotion(() => responseOf(aWireError(404, "object_not_found")));
    expect((await READS.page(tables)).value).toBe(null);
    await expect(WRITES.update(tables)).rejects.toMatchObject({ failure: { kind: "refused" } });
  });

  it("ends a request whose time runs out", async () => {
    const { tables, requests, expire } = await aNotion(
      ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new Error("aborted")));
          // Time runs out once the request is under way.
          queueMicrotask(() => expire());
        }),
    );
    expect((await WRITES.create(tables)).value).toMatchObject({ state: "unknown", pageId: null });
    expect(requests[0]?.signal.aborted).toBe(true);
  });
});
