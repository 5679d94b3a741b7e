import {
  type DocumentNode,
  execute,
  type ExecutionResult,
  getOperationAST,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
} from "graphql";
import { statusOf, wireError } from "./api-errors.ts";
import {
  type ApiContext,
  FAST_ROOT,
  FinishedJson,
  MUTATION_ROOT,
  PLAIN_ROOT,
  SHARED_ROOT,
} from "./resolvers.ts";
import { FIREFLIES_SCHEMA, OPAQUE_SCHEMA } from "./schema.ts";

/** The JSON body of a GraphQL request. */
export type GraphQLRequest = {
  query: string;
  variables: Record<string, unknown>;
  operationName: string | null;
};

/** A request that passed validation. */
export type Operation = {
  document: DocumentNode;
  node: OperationDefinitionNode;
  name: string | null;
  rootFields: string[];
  variables: Record<string, unknown>;
};

/** A reply before faults and headers: status, and the body in parts. */
export type ApiReply = { status: number; parts: Uint8Array[]; firstError: string | null };

/** Validated documents by query text; a client sends few different ones. */
const DOCUMENTS_MAX = 200;
const documents = new Map<string, DocumentNode | readonly GraphQLError[]>();

/** Parse and validate one request against the real schema. Errors come back as values, for a 400 without data. */
export function readOperation(request: GraphQLRequest): Operation | readonly GraphQLError[] {
  const document = documentOf(request.query);
  if (!("kind" in document)) return document;
  const node = getOperationAST(document, request.operationName);
  if (!node) return [graphqlError("Unknown or ambiguous operationName.", "OPERATION_RESOLUTION_FAILURE")];
  return {
    document,
    node,
    name: node.name?.value ?? null,
    rootFields: rootFieldsOf(node, document),
    variables: request.variables,
  };
}

function documentOf(query: string): DocumentNode | readonly GraphQLError[] {
  const known = documents.get(query);
  if (known) return known;
  const checked = checkDocument(query);
  if (documents.size >= DOCUMENTS_MAX) documents.clear();
  documents.set(query, checked);
  return checked;
}

function checkDocument(query: string): DocumentNode | readonly GraphQLError[] {
  try {
    const document = parse(query);
    const errors = validate(FIREFLIES_SCHEMA, document);
    return errors.length === 0
      ? document
      : errors.map((error) => withCode(error, "GRAPHQL_VALIDATION_FAILED"));
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return [withCode(error, "GRAPHQL_PARSE_FAILED")];
  }
}

/** An error of GraphQL itself, as Apollo Server writes it. */
export function graphqlError(message: string, code: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    extensions: { code, ...error.extensions },
  });
}

function rootFieldsOf(node: OperationDefinitionNode, document: DocumentNode): string[] {
  const names = new Set<string>();
  const visit = (set: OperationDefinitionNode["selectionSet"]): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) names.add(selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) visit(selection.selectionSet);
      else {
        for (const other of document.definitions) {
          if (other.kind === Kind.FRAGMENT_DEFINITION && other.name.value === selection.name.value)
            visit(other.selectionSet);
        }
      }
    }
  };
  visit(node.selectionSet);
  return [...names];
}

/** Run an operation: queries on the opaque schema, mutations and introspection with the plain executor. */
export function runOperation(operation: Operation, context: ApiContext): ApiReply {
  const needsPlain =
    operation.node.operation !== "query" ||
    operation.rootFields.some((name) => name === "__schema" || name === "__type");
  return needsPlain ? runPlain(operation, context) : runFast(operation, context);
}

/** Run an operation with graphql-js alone. The fast way must give the same reply; a test compares the two. */
export function runPlain(operation: Operation, context: ApiContext): ApiReply {
  const result = execute({
    schema: FIREFLIES_SCHEMA,
    document: operation.document,
    rootValue: { ...SHARED_ROOT, ...PLAIN_ROOT, ...MUTATION_ROOT },
    contextValue: context,
    variableValues: operation.variables,
    operationName: operation.name,
  });
  return replyOf(settled(result), context);
}

function runFast(operation: Operation, context: ApiContext): ApiReply {
  const result = execute({
    schema: OPAQUE_SCHEMA,
    document: operation.document,
    rootValue: { ...SHARED_ROOT, ...FAST_ROOT },
    contextValue: context,
    variableValues: operation.variables,
    operationName: operation.name,
  });
  return replyOf(settled(result), context);
}

/** No resolver is asynchronous, which keeps replies in the order of requests. */
function settled(result: ExecutionResult | Promise<ExecutionResult>): ExecutionResult {
  if (result instanceof Promise) throw new Error("a resolver became asynchronous");
  return result;
}

function replyOf(result: ExecutionResult, context: ApiContext): ApiReply {
  const inner = context.errors.map(
    ({ path, error }) => new GraphQLError(error.message, { path, extensions: error.extensions }),
  );
  const errors = [...(result.errors ?? []), ...inner];
  if (result.data === undefined) {
    return errorReply(
      errors.map((error) => withCode(error, "BAD_USER_INPUT")),
      400,
      context.state.requestCount,
    );
  }
  const status = errors.length > 0 && !hasAnyData(result.data) ? (statusOf(errors[0]!) ?? 500) : 200;
  const isMatching = context.state.behaviour.errorStatus === "matching";
  const code = errors[0]?.extensions["code"];
  return {
    status: isMatching ? status : 200,
    parts: bodyParts(result.data, errors, context.state.requestCount),
    firstError: typeof code === "string" ? code : null,
  };
}

function hasAnyData(data: Record<string, unknown> | null): boolean {
  return data !== null && Object.values(data).some((value) => value !== null);
}

function bodyParts(
  data: Record<string, unknown> | null,
  errors: readonly GraphQLError[],
  requestCount: number,
): Uint8Array[] {
  const parts: Uint8Array[] = [];
  if (data === null) parts.push(Buffer.from('{"data":null'));
  else {
    parts.push(Buffer.from('{"data":{'));
    Object.entries(data).forEach(([key, value], i) => {
      parts.push(Buffer.from(`${i > 0 ? "," : ""}${JSON.stringify(key)}:`));
      if (value instanceof FinishedJson) parts.push(...value.parts);
      else parts.push(Buffer.from(JSON.stringify(value)));
    });
    parts.push(Buffer.from("}"));
  }
  if (errors.length > 0) parts.push(Buffer.from(`,"errors":${errorsJson(errors, requestCount)}`));
  parts.push(Buffer.from("}"));
  return parts;
}

function errorsJson(errors: readonly GraphQLError[], requestCount: number): string {
  return JSON.stringify(errors.map((error, i) => wireError(error, `c${requestCount}-${i + 1}`)));
}

/** A reply of errors without data. `requestCount` labels the correlation ids. */
export function errorReply(errors: readonly GraphQLError[], status: number, requestCount: number): ApiReply {
  const code = errors[0]?.extensions["code"];
  return {
    status,
    parts: [Buffer.from(`{"errors":${errorsJson(errors, requestCount)}}`)],
    firstError: typeof code === "string" ? code : null,
  };
}
