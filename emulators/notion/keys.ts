/** The token that a fresh Notion emulator accepts, unless a control op removed or rotated it. Opens nothing real. */
export const NOTION_DEMO_TOKEN = "ntn_demo_0000000000000000000000000000000000000000000";
