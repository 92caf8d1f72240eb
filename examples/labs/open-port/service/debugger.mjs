export function openDebugger() {}
