/** The key that a fresh Fireflies emulator accepts, unless a control op removed or rotated it. Opens nothing real. */
export const FIREFLIES_DEMO_KEY = "demo-fireflies-key";
