import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALERT_WORDS, typed } from "../src/core/alert-words.ts";
import { ALERT_KINDS } from "../src/core/alerts.ts";
import { concurrently } from "../src/core/concurrently.ts";
import { tokenProof } from "../src/surfaces/http/token.ts";

const ROOT = join(import.meta.dirname, "..");
const RUNBOOK = readFileSync(join(ROOT, "docs/runbook.md"), "utf8");
const SCRIPTS = (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object }).scripts;
const PARTS = ["What it means.", "First look.", "Fix.", "Replay."];
const USAGE = 2;
const TOKEN = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
/** Commands that run at once: each is a process. */
const AT_ONCE = 2;

const sectionOf = (kind: string): string => {
  const [, text = ""] =
    new RegExp(`^## ${kind}\\n([\\s\\S]*?)(?=^#{1,2} )`, "m").exec(`${RUNBOOK}\n# end`) ?? [];
  return text;
};

/** Everything between backticks that is a command of npm. */
const commandsIn = (text: string): string[] => [
  ...new Set([...text.matchAll(/`(npm (?:run|start)[^`]*)`/g)].map((match) => match[1] ?? "")),
];

describe("the runbook", () => {
  it.each(ALERT_KINDS)("says of %s what it means, where to look, what to do and how to replay it", (kind) => {
    const section = sectionOf(kind);
    const parts = section.split(/^\*\*(?=[A-Z][a-z ]+\.\*\*)/m).slice(1);
    expect(parts.map((part) => part.slice(0, part.indexOf("**")))).toEqual(PARTS);
    for (const part of parts) expect(part.slice(part.indexOf("**") + 2).trim().length).toBeGreaterThan(20);
    expect(commandsIn(parts.at(-1) ?? "").length).toBeGreaterThan(0);
    // What a message tells to run stands here too.
    expect(section).toContain(`\`${typed(ALERT_WORDS[kind].command)}`);
  });

  it("names nothing of npm that package.json does not have", () => {
    const names = [...RUNBOOK.matchAll(/`npm run (?:-s )?([a-z:]+)/g)].map((match) => match[1] ?? "");
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !Object.hasOwn(SCRIPTS, name))).toEqual([]);
  });
});

describe("a command of syncctl in the runbook or a message", () => {
  /** Knows the token and nothing else: whatever is asked for is not there, so nothing but the command line can be wrong use. */
  const server = createServer(async (request, reply) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://here");
    const proof = pathname === "/healthz" ? await tokenProof(TOKEN, searchParams.get("nonce") ?? "") : null;
    reply.writeHead(proof === null ? 404 : 200, { "content-type": "application/json" });
    reply.end(JSON.stringify(proof === null ? { error: "not here" } : { ok: true, proof }));
  });
  let url = "";
  beforeAll(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  afterAll(() => void server.close());

  /** Exit code of a command line as it stands there, placeholders filled in. */
  const codeOf = async (command: string): Promise<number> => {
    const words = [
      ...command
        .replaceAll("<hash>", "0f".repeat(32))
        .replaceAll(/<([a-z ]+)>/g, "01EXAMPLE")
        .matchAll(/"([^"]*)"|(\S+)/g),
    ].map((match) => match[1] ?? match[2] ?? "");
    const own = words.slice(words.indexOf("--") + 1);
    const where = own[0] === "config" || own.includes("--url") ? [] : ["--url", url];
    const [program, options] = [
      join(ROOT, "src/surfaces/cli/main.ts"),
      { env: { ...process.env, API_TOKEN: TOKEN } },
    ];
    const child = spawn(process.execPath, [program, ...own, ...where], options);
    const [code] = (await once(child, "close")) as [number];
    return code;
  };

  it("is one that syncctl takes", async () => {
    const named = commandsIn(RUNBOOK).filter((command) => command.includes("syncctl -- "));
    // Some stand with their choices, or with dots where an address goes: they are written out here.
    const whole = named
      .filter((command) => !/[|…[]/.test(command) && !command.includes(" config"))
      .flatMap((command) => command.split(/;|#/)[0] ?? []);
    const told = ALERT_KINDS.map((kind) => typed(ALERT_WORDS[kind].command));
    const commands = [...new Set([...whole, ...told])];
    expect(commands.length).toBeGreaterThan(15);
    const codes = await concurrently(commands, codeOf, AT_ONCE);
    expect(codes.every((code) => Number.isInteger(code))).toBe(true);
    expect(commands.filter((_, place) => codes[place] === USAGE)).toEqual([]);
  }, 120_000);

  it.each(["statuses", "alerts acknowledge 01", "alerts ack", "run", "report", "verify --whole"])(
    "is not: %s",
    async (words) => expect(await codeOf(`npm run -s syncctl -- ${words}`)).toBe(USAGE),
    20_000,
  );
});
