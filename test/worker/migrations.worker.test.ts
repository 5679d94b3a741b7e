import { applyD1Migrations, env } from "cloudflare:test";
import { expect, it } from "vitest";

it("every migration applies to an empty D1, and applying them again changes nothing", async () => {
  const tables = () => env.MIGRATED_DB.prepare("select count(*) as n from sqlite_schema").first<number>("n");
  await applyD1Migrations(env.MIGRATED_DB, env.MIGRATIONS);
  const count = await tables();
  expect(count).toBeGreaterThan(0);
  await applyD1Migrations(env.MIGRATED_DB, env.MIGRATIONS);
  expect(await tables()).toBe(count);
});
