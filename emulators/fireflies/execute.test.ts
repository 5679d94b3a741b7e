import * as fc from "fast-check";
import { getNamedType, GraphQLObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EPOCH_MS } from "./a-workspace.ts";
import { type ApiReply, readOperation, runOperation, runPlain } from "./execute.ts";
import { openWorld } from "./open-world.ts";
import type { ApiContext } from "./resolvers.ts";
import { FIREFLIES_SCHEMA } from "./schema.ts";
import type { World } from "./world.ts";
import type { WorldState } from "./world-state.ts";

const TRANSCRIPT = FIREFLIES_SCHEMA.getType("Transcript") as GraphQLObjectType;

let world: World;

beforeAll(() => {
  world = openWorld({ realNowMs: () => EPOCH_MS, epochMs: EPOCH_MS, sleep: async () => {} });
});
afterAll(() => world.database.close());

function contextOf(given: { partialRoll?: number | null; state?: Partial<WorldState> } = {}): ApiContext {
  return {
    nowMs: EPOCH_MS,
    state: { ...world.state, ...given.state },
    store: world.store,
    cache: world.cache,
    partialRoll: given.partialRoll ?? null,
    partialHappened: false,
    errors: [],
    items: 0,
    mutate: { rename: () => {}, setPrivacy: () => {}, remove: () => {} },
  };
}

type Way = typeof runPlain;

function replyBy(way: Way, query: string, variables = {}, given: Parameters<typeof contextOf>[0] = {}) {
  const operation = readOperation({ query, variables, operationName: null });
  if (!("document" in operation)) throw new Error(operation.map((error) => error.message).join("; "));
  const context = contextOf(given);
  const reply: ApiReply = way(operation, context);
  return { status: reply.status, body: Buffer.concat(reply.parts).toString(), items: context.items };
}

function expectEqualReplies(query: string, variables = {}, given: Parameters<typeof contextOf>[0] = {}) {
  const fast = replyBy(runOperation, query, variables, given);
  expect(fast).toEqual(replyBy(runPlain, query, variables, given));
  return fast;
}

/** A random valid selection of a type, with aliases, fragments, directives and repeated fields. */
function selectionArbitrary(type: GraphQLObjectType, depth = 0): fc.Arbitrary<string> {
  const fields = Object.values(type.getFields());
  const one = fc.record({
    field: fc.constantFrom(...fields),
    alias: fc.boolean(),
    shape: fc.integer({ min: 0, max: 5 }),
  });
  return fc.array(one, { minLength: 1, maxLength: depth === 0 ? 8 : 3 }).chain((picked) =>
    fc
      .tuple(
        ...picked.map(({ field, alias, shape }) => {
          const named = getNamedType(field.type);
          const inner =
            named instanceof GraphQLObjectType
              ? selectionArbitrary(named, depth + 1).map((sub) => ` ${sub}`)
              : fc.constant("");
          return inner.map((sub) => {
            const text = `${alias ? `a_${field.name}: ` : ""}${field.name}`;
            if (shape === 0) return `... on ${type.name} { ${text}${sub} }`;
            if (shape === 1) return `${text} @include(if: $yes)${sub}`;
            if (shape === 2) return `${text} @skip(if: $yes)${sub}`;
            return `${text}${sub}`;
          });
        }),
      )
      .map((parts) => `{ __typename ${parts.join(" ")} }`),
  );
}

describe("finished JSON", () => {
  it("equals the reply of the plain executor for any selection", () => {
    fc.assert(
      fc.property(selectionArbitrary(TRANSCRIPT), fc.integer({ min: 0, max: 55 }), (selection, skip) => {
        const query = `query Q($yes: Boolean!) { list: transcripts(limit: 4, skip: ${skip}) ${selection} other: transcripts(limit: 1) { id } }`;
        const operation = readOperation({ query, variables: { yes: true }, operationName: null });
        // The random selection may hold two different sub-selections that do not merge; that is not valid GraphQL.
        fc.pre("document" in operation);
        expectEqualReplies(query, { yes: true });
      }),
      { numRuns: 150 },
    );
  });

  it("equals it for a single meeting, a missing one and both in one request", () => {
    const id = world.store.visibleAt(EPOCH_MS)[10]!.id;
    const query = `query($id: String!) { one: transcript(id: $id) { ...F } none: transcript(id: "gone") { ...F } user { email } }
      fragment F on Transcript { id again: id sentences { ...S index } ...G } fragment G on Transcript { title sentences { speaker_name } }
      fragment S on Sentence { text }`;
    const { status, body } = expectEqualReplies(query, { id });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      data: { none: null },
      errors: [{ code: "object_not_found", path: ["none"] }],
    });
  });

  it("equals it when sentences of one meeting are lost, field by field gated, or live", () => {
    const behaviour = {
      ...world.state.behaviour,
      gatedFields: "field" as const,
      liveSentences: "error" as const,
    };
    const state = { plan: "free" as const, behaviour };
    const query = "{ transcripts(limit: 5) { id sound: audio_url video_url sentences { text } } }";
    const { status, body } = expectEqualReplies(query, {}, { partialRoll: 0.99, state });
    expect(status).toBe(200);
    const { data, errors } = JSON.parse(body) as {
      data: { transcripts: { sentences: unknown }[] };
      errors: { path: unknown }[];
    };
    expect(data.transcripts[4]!.sentences).toBeNull();
    expect(errors.map(({ path }) => path)).toContainEqual(["transcripts", 4, "sentences"]);
    expect(errors.map(({ path }) => path)).toContainEqual(["transcripts", 0, "sentences"]);
    expect(errors.map(({ path }) => path)).toContainEqual(["transcripts", 3, "sound"]);
  });

  it("equals it when arguments are refused", () => {
    const { status, body } = expectEqualReplies(
      '{ transcripts(limit: 51, organizers: [], organizer_email: "x") { id } }',
    );
    expect(status).toBe(400);
    expect(body).toContain("invalid_arguments");
  });

  it("leaves introspection to the plain executor", () => {
    const { body } = expectEqualReplies(
      '{ __type(name: "Query") { fields { name type { kind ofType { name } } } } }',
    );
    expect(body).not.toContain("FinishedJson");
  });
});
