import { notFound } from "./api-errors.ts";
import { type Endpoint, missingCapability, pathId } from "./endpoint.ts";
import { checkQuery, pageOfList, pagingOf } from "./list-reply.ts";
import { userView } from "./property-view.ts";
import type { World } from "./world.ts";

/** GET /v1/users/me: works whatever the capabilities. Source: reference 2.1. */
const me: Endpoint = {
  name: "users_me",
  method: "GET",
  path: ["users", "me"],
  needs: null,
  isWrite: false,
  handle({ world, call }) {
    checkQuery(call, []);
    return botView(world);
  },
};

function botView({ state }: World): Record<string, unknown> {
  return {
    object: "user",
    id: state.botId,
    name: "Sync",
    avatar_url: null,
    type: "bot",
    bot: {
      owner: { type: "workspace", workspace: true },
      workspace_name: "Demo workspace",
      workspace_id: state.workspaceId,
      workspace_limits: { max_file_upload_size_in_bytes: 5_242_880 },
    },
  };
}

const list: Endpoint = {
  name: "list_users",
  method: "GET",
  path: ["users"],
  needs: null,
  isWrite: false,
  handle({ world, call }) {
    checkQuery(call, ["page_size", "start_cursor"]);
    if (!world.state.capabilities.users) throw missingCapability("users");
    const people = world.state.users.map(({ id }) => userView(world, id));
    const page = pageOfList([...people, botView(world)], "users", pagingOf(call));
    return { object: "list", type: "user", user: {}, ...page };
  },
};

const one: Endpoint = {
  name: "get_user",
  method: "GET",
  path: ["users", "*"],
  needs: null,
  isWrite: false,
  handle({ world, call }, [text = ""]) {
    checkQuery(call, []);
    const id = pathId("user_id", text);
    if (!world.state.capabilities.users) throw missingCapability("users");
    if (id === world.state.botId) return botView(world);
    if (!world.state.users.some((user) => user.id === id)) throw notFound("user", id);
    return userView(world, id);
  },
};

export const USER_ENDPOINTS: readonly Endpoint[] = [me, list, one];
