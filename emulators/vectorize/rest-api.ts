import { COMMAND_CODES, commandError, type Operation } from "./errors.ts";
import { checkUploadSize, type Unparsable } from "./upload.ts";
import type {
  FloatValues,
  IndexCommands,
  IndexShape,
  MetadataIndex,
  Mutation,
  NewIndex,
  QueryOptions,
  VectorIndex,
} from "./types.ts";

/** What the HTTP API stands on. */
export interface RestBackend {
  readonly commands: IndexCommands;
  /** A binding that only names its index. */
  bind(name: string): VectorIndex;
  upload(name: string, upload: Upload): Promise<Mutation>;
}

/** An upload as it came in: one vector a line. */
export interface Upload {
  kind: "insert" | "upsert";
  lines: ReadableStream<Uint8Array>;
  unparsable: Unparsable;
}

type Json = Record<string, unknown>;
/** A request to one endpoint, its index name and query already taken apart. */
type Call = { name: string; query: URLSearchParams; request: Request; backend: RestBackend };
type Endpoint = (call: Call) => Promise<unknown>;

/** The base address of production is https://api.cloudflare.com/client/v4. */
const PATH = /^(?:\/client\/v4)?\/accounts\/[^/]+\/vectorize\/v2\/indexes(?:\/([^/]+)(?:\/(.+))?)?\/?$/;

/** Presets of production with their shapes. */
const PRESETS: Readonly<Record<string, IndexShape>> = {
  "@cf/baai/bge-small-en-v1.5": { dimensions: 384, metric: "cosine" },
  "@cf/baai/bge-base-en-v1.5": { dimensions: 768, metric: "cosine" },
  "@cf/baai/bge-large-en-v1.5": { dimensions: 1024, metric: "cosine" },
  "openai/text-embedding-ada-002": { dimensions: 1536, metric: "cosine" },
  "cohere/embed-multilingual-v2.0": { dimensions: 768, metric: "cosine" },
};

/** By method and what follows the index's name; "-" stands for no name at all. */
const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  "GET -": ({ backend }) => backend.commands.listIndexes(),
  "POST -": createIndex,
  "GET ": getIndex,
  "DELETE ": async ({ name, backend }) => {
    await backend.commands.deleteIndex(name);
    return null;
  },
  "GET info": ({ name, backend }) => backend.bind(name).describe(),
  "GET list": listVectors,
  "POST metadata_index/create": async (call) => {
    const { propertyName, indexType } = (await jsonOf(call)) as unknown as MetadataIndex;
    return call.backend.commands.createMetadataIndex(call.name, propertyName, indexType);
  },
  "POST metadata_index/delete": async (call) => {
    const { propertyName } = (await jsonOf(call)) as unknown as MetadataIndex;
    return call.backend.commands.deleteMetadataIndex(call.name, propertyName);
  },
  "GET metadata_index/list": async ({ name, backend }) => ({
    metadataIndexes: await backend.commands.listMetadataIndexes(name),
  }),
  "POST query": query,
  "POST get_by_ids": async (call) => call.backend.bind(call.name).getByIds(await idsOf(call)),
  "POST delete_by_ids": async (call) => call.backend.bind(call.name).deleteByIds(await idsOf(call)),
  "POST insert": (call) => upload(call, "insert"),
  "POST upsert": (call) => upload(call, "upsert"),
};

/**
 * Answer a request to Vectorize's HTTP API (v2), in production's envelope. Tokens are neither asked for nor looked at,
 * and every account is the same.
 */
export async function answerRest(request: Request, backend: RestBackend): Promise<Response> {
  const url = new URL(request.url);
  const parts = PATH.exec(url.pathname);
  const [, name, rest = ""] = parts ?? [];
  const endpoint =
    parts === null ? undefined : ENDPOINTS[`${request.method} ${name === undefined ? "-" : rest}`];
  if (endpoint === undefined) {
    const message = `Could not route to ${url.pathname}, perhaps your object identifier is invalid?`;
    return failure({ code: 7003, message }, 404);
  }
  try {
    const call = { name: decodeURIComponent(name ?? ""), query: url.searchParams, request, backend };
    const result = await endpoint(call);
    const status = request.method === "POST" && name === undefined ? 201 : 200;
    return Response.json({ result, success: true, errors: [], messages: [] }, { status });
  } catch (error) {
    return failure(refusalOf(error), 400);
  }
}

async function createIndex(call: Call): Promise<unknown> {
  const { name, description, config } = await jsonOf(call);
  const given = (config ?? {}) as Json;
  const preset = given["preset"];
  const shape = typeof preset === "string" ? PRESETS[preset] : (given as unknown as IndexShape);
  if (shape === undefined) throw badCommand(`unknown preset ${String(preset)}`);
  const { dimensions, metric } = shape;
  const wanted = { dimensions, metric, ...(description === undefined ? {} : { description }) } as NewIndex;
  return call.backend.commands.createIndex(name as string, wanted);
}

async function getIndex({ name, backend }: Call): Promise<unknown> {
  const index = await backend.commands.getIndex(name);
  // A binding knows whether the index never was or was deleted.
  if (index === null) await backend.bind(name).describe();
  return index;
}

async function listVectors({ name, query, backend }: Call): Promise<unknown> {
  const [count, cursor] = [query.get("count"), query.get("cursor")];
  return backend.commands.listVectors(name, {
    ...(count === null ? {} : { count: Number(count) }),
    ...(cursor === null ? {} : { cursor }),
  });
}

async function query(call: Call): Promise<unknown> {
  const { vector, vectorId, ...options } = await jsonOf(call);
  const index = call.backend.bind(call.name);
  if (typeof vectorId === "string") return index.queryById(vectorId, options as QueryOptions);
  if (!Array.isArray(vector))
    throw badCommand("Failed to parse the request body as JSON: missing field `vector`");
  return index.query(vector as FloatValues, options as QueryOptions);
}

async function upload({ name, query, request, backend }: Call, kind: Upload["kind"]): Promise<unknown> {
  const unparsable = query.get("unparsable-behavior") ?? "error";
  if (unparsable !== "error" && unparsable !== "discard")
    throw badCommand("unparsable-behavior must be error or discard");
  checkUploadSize(Number(request.headers.get("content-length") ?? 0));
  return backend.upload(name, { kind, lines: await linesOf(request), unparsable });
}

/** wrangler sends the lines as a file named "vectors" in a form, other clients as the body itself. */
async function linesOf(request: Request): Promise<ReadableStream<Uint8Array>> {
  if (request.headers.get("content-type")?.startsWith("multipart/form-data") === true) {
    const file = (await request.formData()).get("vectors");
    if (file instanceof Blob) return file.stream();
    throw badCommand('the form has no file named "vectors"');
  }
  if (request.body === null) throw badCommand("the request has no body");
  return request.body;
}

async function jsonOf({ request }: Call): Promise<Json> {
  if (request.headers.get("content-type")?.startsWith("application/json") !== true)
    throw badCommand("Expected request with `Content-Type: application/json`");
  const value: unknown = await request.json().catch(() => undefined);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw badCommand("Failed to parse the request body as JSON: expected a map");
}

async function idsOf(call: Call): Promise<string[]> {
  return (await jsonOf(call))["ids"] as string[];
}

/** Errors of commands carry code and text; those of bindings have them in the message. */
function refusalOf(error: unknown): { code: number; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  const bound = /^[A-Z_]+_ERROR \(code = (\d+)\): (.*)$/s.exec(message);
  if (bound !== null) return { code: Number(bound[1]), message: bound[2] ?? "" };
  const command = /^(.*) \[code: (\d+)\]$/s.exec(message);
  if (command !== null) return { code: Number(command[2]), message: command[1] ?? "" };
  return { code: COMMAND_CODES.badCommand, message };
}

function failure(error: { code: number; message: string }, status: number): Response {
  return Response.json({ result: null, success: false, errors: [error], messages: [] }, { status });
}

function badCommand(problem: string): Error {
  return commandError(COMMAND_CODES.badCommand, problem);
}

/** The operation under whose name an upload is refused. */
export function operationOf(kind: Upload["kind"]): Operation {
  return kind === "insert" ? "VECTOR_INSERT" : "VECTOR_UPSERT";
}
