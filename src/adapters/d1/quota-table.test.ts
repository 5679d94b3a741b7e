import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createD1 } from "../../../emulators/d1/d1-database.ts";

const MIGRATIONS = join(import.meta.dirname, "../../../migrations");

describe("the owner of the records", () => {
  it("of a database from before it had a row of its own is the account of its first key", async () => {
    const d1 = createD1();
    const files = readdirSync(MIGRATIONS).toSorted();
    const apply = async (names: readonly string[]): Promise<void> => {
      for (const name of names) await d1.prepare(readFileSync(join(MIGRATIONS, name), "utf8")).run();
    };
    const isOlder = (name: string): boolean => name < "0007";
    await apply(files.filter(isOlder));
    const key = `insert into quota (key_name, vendor, version, used, not_before_ms, account_id)
      values (?1, 'fireflies', 1, 0, 0, ?2)`;
    await d1.prepare(key).bind("fireflies:1", null).run();
    await d1.prepare(key).bind("fireflies:2", "owner").run();
    await d1.prepare(key).bind("fireflies:3", "other").run();
    await apply(files.filter((name) => !isOlder(name)));
    expect(await d1.prepare("select vendor, account_id from workspaces").first()).toEqual({
      vendor: "fireflies",
      account_id: "owner",
    });
  });
});
