import type { z } from "zod";
import { ApiFailure, invalid, notFound } from "./api-errors.ts";
import { checked } from "./body-check.ts";
import { changeOf, type Endpoint, type EndpointContext, pathId, visibleDataSource } from "./endpoint.ts";
import { checkQuery } from "./list-reply.ts";
import type { DataSource, Option, Property, PropertyConfig } from "./model.ts";
import { findOption, type OptionProperty } from "./options.ts";
import { findProperty } from "./page-view.ts";
import {
  CONFIG_SCHEMAS,
  olderUpdateDataSourceBody,
  propertyChange,
  updateDataSourceBody,
  type UpdateDataSourceBody,
  type WritableConfig,
} from "./schema-bodies.ts";
import {
  changeSchema,
  madeOptions,
  newProperty,
  plainConfig,
  removeProperty,
  renameProperty,
  replaced,
} from "./schema-changes.ts";
import { dataSourceView, databaseView } from "./schema-view.ts";
import type { WrittenOption } from "./value-schemas.ts";

/** GET /v1/databases/{id}. Source: reference 2.2. */
const getDatabase: Endpoint = {
  name: "get_database",
  method: "GET",
  path: ["databases", "*"],
  needs: "read",
  isWrite: false,
  handle({ world, version, call }, [text = ""]) {
    checkQuery(call, []);
    const id = pathId("database_id", text);
    const database = world.catalog.database(id);
    if (!database?.isShared) throw notFound("database", id);
    return databaseView(world, version, database);
  },
};

/** GET /v1/data_sources/{id}. Source: reference 2.3. */
const getDataSource: Endpoint = {
  name: "get_data_source",
  method: "GET",
  path: ["data_sources", "*"],
  needs: "read",
  isWrite: false,
  handle(context, [id = ""]) {
    checkQuery(context.call, []);
    return dataSourceView(context.world, context.version, visibleDataSource(context, id));
  },
};

/** GET /v1/data_sources/{id}/templates: there are none. */
const templates: Endpoint = {
  name: "templates",
  method: "GET",
  path: ["data_sources", "*", "templates"],
  needs: "read",
  isWrite: false,
  handle(context, [id = ""]) {
    checkQuery(context.call, ["name", "page_size", "start_cursor"]);
    visibleDataSource(context, id);
    return { templates: [], has_more: false, next_cursor: null };
  },
};

/** PATCH /v1/data_sources/{id}: schema, title, trash. Source: SDK 5.26. */
const updateDataSource: Endpoint = {
  name: "update_data_source",
  method: "PATCH",
  path: ["data_sources", "*"],
  needs: "update",
  isWrite: true,
  handle(context, [id = ""]) {
    checkQuery(context.call, []);
    const { world } = context;
    const before = visibleDataSource(context, id);
    const schema = context.version < "2026-03-11" ? olderUpdateDataSourceBody : updateDataSourceBody;
    const body = checked(schema as z.ZodType<UpdateDataSourceBody>, context.body, "body");
    const steps = Object.entries(body.properties ?? {}).map(([ref, given]) =>
      plannedStep(context, before, ref, given),
    );
    if (before.isTrashed && body.in_trash !== false) {
      throw new ApiFailure(
        "validation_error",
        "Can't edit a data source that is archived; restore it first.",
      );
    }
    const changed = steps.reduce((current, step) => step(current), before);
    const title = body.title?.map(({ text }) => text?.content ?? "").join("");
    const after: DataSource = {
      ...changed,
      ...(title === undefined ? {} : { title }),
      ...(body.in_trash === undefined ? {} : { isTrashed: body.in_trash }),
      editedMs: context.nowMs,
      editedBy: world.state.botId,
    };
    world.catalog.putDataSource(after);
    return dataSourceView(world, context.version, after);
  },
};

export const SCHEMA_ENDPOINTS: readonly Endpoint[] = [
  getDatabase,
  getDataSource,
  templates,
  updateDataSource,
];

/** A change to a schema that was checked and will not fail. */
type Step = (dataSource: DataSource) => DataSource;

function plannedStep(context: EndpointContext, dataSource: DataSource, ref: string, given: unknown): Step {
  const path = `body.properties.${ref}`;
  const written = checked(propertyChange as z.ZodType<Record<string, unknown> | null>, given, path);
  const property = findProperty(dataSource, ref);
  const change = changeOf(context);
  if (written === null) {
    if (!property || property.type === "title") throw invalid(path, "a property that can be removed");
    return (current) => removeProperty(context.world, current, change, property);
  }
  const name = written["name"] as string | undefined;
  if (
    name !== undefined &&
    dataSource.properties.some((other) => other.name === name && other !== property)
  ) {
    throw invalid(`${path}.name`, "a name that no other property has", name);
  }
  const type = Object.keys(CONFIG_SCHEMAS).find((key) => written[key] !== undefined) as
    | WritableConfig
    | undefined;
  if (!property) return addStep(context, { ref: name ?? ref, type, config: type && written[type], path });
  if (type !== undefined && type !== property.type)
    throw invalid(`${path}.${type}`, `\`${property.type}\`: types are changed by people`);
  const configured = type === undefined ? property : reconfigured(context, property, written[type], path);
  return (current) => {
    const properties = replaced(current.properties, configured);
    const updated = [{ id: property.id, name: property.name, action: "updated" as const }];
    const after = changeSchema(context.world, current, change, { properties, updated });
    return name === undefined
      ? after
      : renameProperty(context.world, after, change, { property: configured, name });
  };
}

type Addition = { ref: string; type: WritableConfig | undefined; config: unknown; path: string };

function addStep(context: EndpointContext, { ref, type, config, path }: Addition): Step {
  if (type === undefined || type === "title")
    throw invalid(path, "a property that exists, or the configuration of a new one");
  const {
    options = [],
    format,
    prefix,
  } = (config ?? {}) as { options?: WrittenOption[]; format?: string; prefix?: string | null };
  const names = options.map(({ name }, at) => {
    if (name === undefined) throw invalid(`${path}.${type}.options.${at}.name`, "defined");
    return name;
  });
  return (current) => {
    const made = plainConfig(context.world, type, {
      options: names,
      ...(format === undefined ? {} : { format }),
      ...(prefix === undefined ? {} : { prefix }),
    }) as PropertyConfig;
    const property = newProperty(context.world, current, ref, made);
    const updated = [{ id: property.id, name: ref, action: "created" as const }];
    const properties = [...current.properties, property];
    return changeSchema(context.world, current, changeOf(context), { properties, updated });
  };
}

/** The property with the configuration of a body: a list of options replaces the old one. Source: reference 2.3. */
function reconfigured(
  { world }: EndpointContext,
  property: Property,
  config: unknown,
  path: string,
): Property {
  const { options, format, prefix } = config as {
    options?: WrittenOption[];
    format?: string;
    prefix?: string | null;
  };
  if (property.type === "number" && format !== undefined) return { ...property, format };
  if (property.type === "unique_id" && prefix !== undefined) return { ...property, prefix };
  if (!("options" in property) || options === undefined) return property;
  const next = options.map((written, at) =>
    replacedOption(world, property, written, `${path}.options.${at}`),
  );
  if (property.type !== "status") return { ...property, options: next };
  const ids = new Set(next.map(({ id }) => id));
  const known = new Set(property.options.map(({ id }) => id));
  const groups = property.groups.map((group, at) => ({
    ...group,
    optionIds: [
      ...group.optionIds.filter((id) => ids.has(id)),
      ...(at === 0 ? next.map(({ id }) => id).filter((id) => !known.has(id)) : []),
    ],
  }));
  return { ...property, options: next, groups };
}

function replacedOption(
  world: EndpointContext["world"],
  property: OptionProperty,
  written: WrittenOption,
  path: string,
): Option {
  const found = findOption(property, written);
  if (found) return { ...found, ...(written.name === undefined ? {} : { name: written.name }) };
  const [made] = written.name === undefined ? [] : madeOptions(world, [written.name]);
  if (!made || written.id !== undefined)
    throw invalid(`${path}.id`, "the id of an option that exists", written.id);
  return made;
}
