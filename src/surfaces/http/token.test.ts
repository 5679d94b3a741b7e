import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { requireToken } from "./token.ts";

const app = new Hono().use("*", requireToken).get("/", (c) => c.text("in"));
const knock = async (token: string | undefined, header?: string) =>
  (
    await app.request(
      "/",
      header === undefined ? {} : { headers: { authorization: header } },
      token === undefined ? {} : { API_TOKEN: token },
    )
  ).status;

describe("requireToken", () => {
  it("opens with the owner's token", async () => {
    expect(await knock("secret", "Bearer secret")).toBe(200);
  });

  it.each([undefined, "", "Bearer", "Bearer secre", "Bearer secrets", "secret", "Basic secret"])(
    "stays closed for %j",
    async (header) => {
      expect(await knock("secret", header)).toBe(401);
    },
  );

  it("stays closed for everybody when no token is set", async () => {
    expect(await knock(undefined, "Bearer ")).toBe(401);
    expect(await knock("", "Bearer ")).toBe(401);
  });
});
