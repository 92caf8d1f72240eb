import { clearStop } from "../../clear-stop.ts";

export const command = clearStop({
  id: "S-12, as `line list` shows it",
  reason: "why it may go on",
  example: "tidelock line clear S-12 --reason 'repaired in 1.4.3'",
});
