import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  aNotion,
  aWireError,
  aWirePage,
  NOW_MS,
  PAGE_ID,
  READS,
  responseOf,
  RESUMED_READS,
  TOKEN,
  VALUE,
  WRITES,
  type FakeReply,
} from "../../../test/in-process/notion.ts";
import type { Failure } from "../../core/errors.ts";
import type { NotionTables, WriteOutcome } from "../../ports/notion.ts";

type Read = keyof typeof READS;
type Write = keyof typeof WRITES;
type Answer = () => Response | Promise<Response>;

const ALL_READS = Object.keys(READS) as Read[];
const ALL_WRITES = Object.keys(WRITES) as Write[];
const HTML = "<html><body>Bad gateway</body></html>";

const lost: Answer = () => Promise.reject(new TypeError("fetch failed"));
const endless: Answer = () =>
  new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)) }));
const cut: Answer = () =>
  new Response(
    new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode('{"object":"page","id":"9a'));
        controller.error(new Error("connection reset"));
      },
    }),
  );

/** Nothing that was written, read or sent as a token may stand in what an error shows, at any depth. */
function expectDiscreet(shown: unknown): void {
  const text = inspect(shown, { depth: 12, showHidden: true });
  expect(text).not.toContain(TOKEN);
  expect(text).not.toContain("confidential");
}

/** The failure a call ends with; it must end with one. */
async function failureOfCall(
  call: (tables: NotionTables) => Promise<unknown>,
  answer: Answer,
): Promise<Failure> {
  const { tables, timersLeft } = await aNotion(answer);
  const thrown: unknown = await call(tables).then(
    (value) => expect.unreachable(`answered ${inspect(value)}`),
    (error: unknown) => error,
  );
  expectDiscreet(thrown);
  expect(timersLeft()).toBe(0);
  expect(thrown).toMatchObject({ name: "FailureError", failure: { party: "notion" } });
  return (thrown as { failure: Failure }).failure;
}

async function outcomeOfCall(write: Write, answer: Answer): Promise<WriteOutcome> {
  const { tables, timersLeft } = await aNotion(answer);
  const { value } = await WRITES[write](tables);
  expectDiscreet({ ...value, page: null });
  expect(timersLeft()).toBe(0);
  return value;
}

const logged: unknown[][] = [];
beforeEach(() => {
  for (const level of ["log", "info", "warn", "error", "debug"] as const) {
    vi.spyOn(console, level).mockImplementation((...words) => void logged.push(words));
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  expect(logged.splice(0), "nothing is ever logged").toEqual([]);
});

const answers =
  (reply: FakeReply): Answer =>
  () =>
    responseOf(reply);

/** Rows of the table of errors of Notion: its answer, what a read makes of it, and what a write does. */
const CLEAR: [name: string, reply: FakeReply, read: Failure["kind"], write: Failure["kind"]][] = [
  ["400 invalid_json", aWireError(400, "invalid_json"), "defect", "refused"],
  ["400 invalid_request_url", aWireError(400, "invalid_request_url"), "defect", "refused"],
  ["400 invalid_request", aWireError(400, "invalid_request"), "defect", "refused"],
  ["400 invalid_grant", aWireError(400, "invalid_grant"), "defect", "refused"],
  ["400 validation_error", aWireError(400, "validation_error"), "defect", "refused"],
  ["400 missing_version", aWireError(400, "missing_version"), "defect", "refused"],
  ["400 invalid_beta", aWireError(400, "invalid_beta"), "defect", "refused"],
  ["401 unauthorized", aWireError(401, "unauthorized"), "denied", "denied"],
  ["403 restricted_resource", aWireError(403, "restricted_resource"), "denied", "denied"],
  ["409 conflict_error", aWireError(409, "conflict_error"), "locked", "locked"],
  ["413", aWireError(413, "validation_error"), "too_large", "too_large"],
  ["413 of a gateway", { status: 413, text: HTML }, "too_large", "too_large"],
  ["429 rate_limited", aWireError(429, "rate_limited"), "rate_limited", "rate_limited"],
  ["429 of a gateway", { status: 429, text: HTML }, "rate_limited", "rate_limited"],
  ["529 service_overload", aWireError(529, "service_overload"), "rate_limited", "rate_limited"],
  ["404 of another code", aWireError(404, "not_found"), "defect", "defect"],
  ["a status that is not documented", aWireError(418, "teapot"), "defect", "defect"],
];

/** Answers that leave open whether a write was carried out, and what a read makes of them. */
const OPEN: [name: string, answer: Answer, read: Failure["kind"]][] = [
  ["408 of a gateway", answers({ status: 408, body: { code: "request_timeout" } }), "unreachable"],
  ["500 internal_server_error", answers(aWireError(500, "internal_server_error")), "unreachable"],
  ["502 bad_gateway", answers(aWireError(502, "bad_gateway")), "unreachable"],
  ["503 service_unavailable", answers(aWireError(503, "service_unavailable")), "unreachable"],
  [
    "503 database_connection_unavailable",
    answers(aWireError(503, "database_connection_unavailable")),
    "unreachable",
  ],
  ["504 gateway_timeout", answers(aWireError(504, "gateway_timeout")), "unreachable"],
  ["HTML at 502", answers({ status: 502, text: HTML }), "unreachable"],
  ["HTML at 200", answers({ text: HTML }), "unreachable"],
  ["HTML at 403", answers({ status: 403, text: HTML }), "unreachable"],
  ["HTML at 404", answers({ status: 404, text: HTML }), "unreachable"],
  [
    "a redirect",
    answers({ status: 302, text: "", headers: { location: "http://other.test/" } }),
    "unreachable",
  ],
  ["half a body", answers({ text: `{"object":"page","properties":{"Name":"${VALUE}` }), "unreachable"],
  ["no body", answers({ text: "" }), "unreachable"],
  ["JSON that is not Notion's", answers({ body: { message: VALUE } }), "unreachable"],
  ["a reply that broke off", cut, "unreachable"],
  ["a lost connection", lost, "unreachable"],
  ["a body that never ends", endless, "too_large"],
];

describe.each(CLEAR)("%s", (_name, reply, read, write) => {
  it.each(ALL_READS)(`ends %s with ${read}`, async (name) => {
    expect((await failureOfCall(READS[name], answers(reply))).kind).toBe(read);
  });

  it.each(ALL_WRITES)(`ends %s with ${write}: nothing was written`, async (name) => {
    expect((await failureOfCall(WRITES[name], answers(reply))).kind).toBe(write);
  });
});

describe.each(OPEN)("%s", (_name, answer, read) => {
  it.each(ALL_READS)(`ends %s with ${read}`, async (name) => {
    expect((await failureOfCall(READS[name], answer)).kind).toBe(read);
  });

  it.each(ALL_WRITES)("leaves open what became of %s, without a throw", async (name) => {
    expect(await outcomeOfCall(name, answer)).toMatchObject({ state: "unknown", pageId: null });
  });
});

describe("404 object_not_found", () => {
  const answer = answers(aWireError(404, "object_not_found"));

  it.each(["dataSourcesOf", "schema", "page"] as const)("is null to %s", async (name) => {
    const { tables } = await aNotion(answer);
    expect((await READS[name](tables)).value).toBe(null);
  });

  it.each([
    ["me", "defect"],
    ["query", "denied"],
    ["queryEqual", "denied"],
    ["listItems", "partial"],
  ] as const)("ends %s with %s and a sentence", async (name, kind) => {
    const failure = await failureOfCall(READS[name], answer);
    expect(failure.kind).toBe(kind);
    expect(failure.detail).toContain("share it with the connection");
  });

  it.each(ALL_WRITES)("refuses %s with a sentence", async (name) => {
    const failure = await failureOfCall(WRITES[name], answer);
    expect(failure.kind).toBe("refused");
    expect(failure.detail).toBe(
      "the page, or something it names, is gone or not shared with the connection " +
        "(HTTP 404 object_not_found, request 8d2e-77): share it with the connection in Notion",
    );
  });
});

describe("a cursor that Notion does not take", () => {
  it.each(Object.keys(RESUMED_READS) as (keyof typeof RESUMED_READS)[])(
    "is partial to %s, which starts again",
    async (name) => {
      const failure = await failureOfCall(RESUMED_READS[name], answers(aWireError(400, "validation_error")));
      expect(failure.kind).toBe("partial");
      expect(failure.detail).toContain("the scan starts again");
    },
  );

  it("is not blamed for another fault of the request", async () => {
    const failure = await failureOfCall(RESUMED_READS.query, answers(aWireError(400, "missing_version")));
    expect(failure.kind).toBe("defect");
  });
});

describe("denied", () => {
  it.each([
    ["query", "read content"],
    ["listItems", "read content"],
  ] as const)("names the capability that %s needs: %s", async (name, capability) => {
    const failure = await failureOfCall(READS[name], answers(aWireError(403, "restricted_resource")));
    expect(failure.detail).toContain(`may not ${capability}`);
  });

  it.each([
    ["create", "insert content"],
    ["update", "update content"],
    ["setTrashed", "update content"],
  ] as const)("names the capability that %s needs: %s", async (name, capability) => {
    const failure = await failureOfCall(WRITES[name], answers(aWireError(403, "restricted_resource")));
    expect(failure.detail).toContain(`may not ${capability}`);
  });

  it("names the limit of blocks where that is what forbids", async () => {
    const reply = aWireError(403, "restricted_resource", { block_limit: 1_000 });
    expect((await failureOfCall(WRITES.create, answers(reply))).detail).toContain("limit of blocks");
  });

  it("says that waiting does not help where requests are blocked", async () => {
    const reply = aWireError(429, "rate_limited", { rate_limit_reason: "public_api_request_blocked" });
    const failure = await failureOfCall(READS.query, answers(reply));
    expect(failure.kind).toBe("denied");
    expect(failure.detail).toContain("waiting does not help");
    expect(failure.notBeforeMs).toBe(undefined);
  });

  it("asks for another token where it is refused, and where it cannot even be sent", async () => {
    const failure = await failureOfCall(READS.me, answers(aWireError(401, "unauthorized")));
    expect(failure.detail).toContain("NOTION_TOKEN");
    const { tables, requests } = await aNotion(() => responseOf({ body: aWirePage() }), `${TOKEN}\nx`);
    const thrown: unknown = await WRITES.create(tables).catch((error: unknown) => error);
    expectDiscreet(thrown);
    expect(thrown).toMatchObject({ failure: { kind: "denied" } });
    expect(requests).toEqual([]);
  });
});

describe("a refusal for the rate", () => {
  it.each([
    ["seconds of the header", { "retry-after": "40" }, {}, 40_000],
    ["an HTTP date", { "retry-after": "Mon, 01 Jun 2026 10:02:00 GMT" }, {}, 120_000],
    ["a workspace's limit of more than a minute", { "retry-after": "900" }, {}, 900_000],
    ["seconds of the body", {}, { retry_after: "31" }, 31_000],
    ["the later of both", { "retry-after": "10" }, { retry_after: "31" }, 31_000],
    ["none", {}, {}, 60_000],
    ["words", { "retry-after": "soon" }, {}, 60_000],
    ["a time out of all bounds", { "retry-after": "9".repeat(40) }, {}, 60_000],
    ["a date that has passed", { "retry-after": "Mon, 01 Jun 2020 10:02:00 GMT" }, {}, 0],
  ])("is waited for: %s", async (_name, headers, additional, waitMs) => {
    for (const [status, code] of [
      [429, "rate_limited"],
      [529, "service_overload"],
    ] as const) {
      const reply = { ...aWireError(status, code, additional), headers: headers as Record<string, string> };
      const failure = await failureOfCall(WRITES.update, answers(reply));
      expect(failure).toMatchObject({ kind: "rate_limited", notBeforeMs: NOW_MS + waitMs });
    }
  });
});

describe("a write that was saved before its reply failed", () => {
  it.each(["service_unavailable", "database_connection_unavailable"])(
    "tells the page that it made: 503 %s",
    async (code) => {
      const additional = { committed_resource_id: PAGE_ID, retry_guidance: ["read again"] };
      const outcome = await outcomeOfCall("create", answers(aWireError(503, code, additional)));
      expect(outcome).toEqual({
        state: "unknown",
        pageId: PAGE_ID,
        detail: `HTTP 503 ${code}, request 8d2e-77`,
      });
    },
  );

  it("does not take anything for an id", async () => {
    const reply = aWireError(503, "service_unavailable", { committed_resource_id: `${VALUE} <b>` });
    expect(await outcomeOfCall("create", answers(reply))).toMatchObject({ pageId: null });
  });

  it.each([
    ["shows the page only in part", { object: "page", id: PAGE_ID }, "in part"],
    ["breaks the contract", aWirePage({ parent: undefined }), "without parent"],
  ])("is unknown, with its page, if the reply %s", async (_name, body, words) => {
    const outcome = await outcomeOfCall("update", answers({ body }));
    expect(outcome).toMatchObject({ state: "unknown", pageId: PAGE_ID });
    expect(outcome).toHaveProperty("detail", expect.stringContaining(words));
  });
});

describe("time that runs out", () => {
  it("ends the request, and a read with timed_out", async () => {
    const { tables, requests, expire } = await aNotion(
      ({ signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const reading = READS.query(tables).catch((error: unknown) => error);
    await vi.waitFor(() => expect(requests.length).toBe(1));
    expect(requests[0]?.signal.aborted).toBe(false);
    expire();
    expect(await reading).toMatchObject({ failure: { kind: "timed_out" } });
    expect(requests[0]?.signal.aborted).toBe(true);
  });

  it("ends a body that stops in the middle", async () => {
    const { tables, requests, expire } = await aNotion(() => new Response(new ReadableStream({})));
    const reading = READS.page(tables).catch((error: unknown) => error);
    await vi.waitFor(() => expect(requests.length).toBe(1));
    expire();
    expect(await reading).toMatchObject({ failure: { kind: "timed_out" } });
  });

  it("leaves a write open, even where fetch does not mind its signal", async () => {
    const { tables, requests, expire } = await aNotion(() => new Promise(() => undefined));
    const writing = WRITES.create(tables);
    await vi.waitFor(() => expect(requests.length).toBe(1));
    expire();
    expect((await writing).value).toEqual({
      state: "unknown",
      pageId: null,
      detail: "no complete reply in time",
    });
  });
});

describe("what an error tells", () => {
  it("is its status, code and request, and no word of Notion's message", async () => {
    const failure = await failureOfCall(WRITES.update, answers(aWireError(400, "validation_error")));
    expect(failure.detail).toBe("HTTP 400 validation_error, request 8d2e-77");
  });

  it("takes the request from the header where the body has none, and repeats nothing that is no code", async () => {
    const headers = { "x-notion-request-id": "77aa" };
    const html = await failureOfCall(READS.page, answers({ status: 502, text: HTML, headers }));
    expect(html.detail).toBe("HTTP 502, request 77aa");
    const odd = await failureOfCall(
      READS.page,
      answers({ status: 500, body: { code: VALUE, request_id: VALUE } }),
    );
    expect(odd.detail).toBe("HTTP 500");
  });
});
