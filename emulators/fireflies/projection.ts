import {
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  GraphQLError,
  GraphQLIncludeDirective,
  getDirectiveValues,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLSkipDirective,
  type SelectionSetNode,
} from "graphql";

/** One field of a selection, in the order of the reply. `sub` is null for leaves. */
type SelectedField = { key: string; name: string; sub: Selection | null };

/** A selection set made flat: fragments spread, directives decided, repeated fields merged. */
export type Selection = { typeName: string; fields: SelectedField[]; signature: string };

/** What spreading fragments and deciding directives needs to know. */
export type SelectionSource = {
  fragments: Record<string, FragmentDefinitionNode>;
  variables: Record<string, unknown>;
};

/** The selection that `nodes` (one response key, possibly asked for several times) make on `type`. */
export function selectionOf(
  nodes: readonly FieldNode[],
  type: GraphQLObjectType,
  source: SelectionSource,
): Selection {
  const byKey = new Map<string, FieldNode[]>();
  for (const node of nodes) if (node.selectionSet) collect(node.selectionSet, source, byKey);
  const fields: SelectedField[] = [];
  for (const [key, same] of byKey) {
    const name = same[0]!.name.value;
    const sub = subSelection(type.getFields()[name]?.type, same, source);
    fields.push({ key, name, sub });
  }
  const signature = fields
    .map((field) => `${field.key}:${field.name}${field.sub?.signature ?? ""}`)
    .join(",");
  return { typeName: type.name, fields, signature: `{${signature}}` };
}

function subSelection(
  type: GraphQLOutputType | undefined,
  nodes: readonly FieldNode[],
  source: SelectionSource,
): Selection | null {
  const named = type && getNamedType(type);
  return named instanceof GraphQLObjectType ? selectionOf(nodes, named, source) : null;
}

/** Every type here is an object type without interfaces, so a fragment that passed validation always applies. */
function collect(set: SelectionSetNode, source: SelectionSource, byKey: Map<string, FieldNode[]>): void {
  for (const node of set.selections) {
    const isSkipped = getDirectiveValues(GraphQLSkipDirective, node, source.variables)?.["if"] === true;
    const isIncluded = getDirectiveValues(GraphQLIncludeDirective, node, source.variables)?.["if"] !== false;
    if (isSkipped || !isIncluded) continue;
    if (node.kind === "Field") {
      const key = node.alias?.value ?? node.name.value;
      const same = byKey.get(key);
      if (same) same.push(node);
      else byKey.set(key, [node]);
    } else {
      const inner = node.kind === "InlineFragment" ? node : source.fragments[node.name.value];
      if (inner) collect(inner.selectionSet, source, byKey);
    }
  }
}

/** A field of a meeting that could not be read, by its response key. */
export type FieldError = { key: string; error: GraphQLError };

/**
 * The part of a meeting that `selection` asks for, ready for JSON.
 *
 * A field that holds an error becomes null and one entry of `errors`, as the executor does with a nullable field.
 * Only direct fields of a meeting can hold errors; below them is plain data.
 */
export function projectMeeting(
  view: Record<string, unknown>,
  selection: Selection,
): { value: Record<string, unknown>; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const value: Record<string, unknown> = {};
  for (const { key, name, sub } of selection.fields) {
    const held = name === "__typename" ? selection.typeName : view[name];
    if (held instanceof GraphQLError) errors.push({ key, error: held });
    value[key] = held instanceof GraphQLError ? null : projectData(held, sub);
  }
  return { value, errors };
}

function projectData(held: unknown, selection: Selection | null): unknown {
  if (held === undefined || held === null) return null;
  if (selection === null) return held;
  if (Array.isArray(held)) return held.map((item) => projectData(item, selection));
  const source = held as Record<string, unknown>;
  const target: Record<string, unknown> = {};
  for (const { key, name, sub } of selection.fields) {
    const value = name === "__typename" ? selection.typeName : source[name];
    target[key] = sub === null ? (value ?? null) : projectData(value, sub);
  }
  return target;
}

/** True if the selection asks its object for `name`, under whatever alias. */
export function selects(selection: Selection, name: string): boolean {
  return selection.fields.some((field) => field.name === name);
}
