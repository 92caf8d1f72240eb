import { clearStop } from "../../clear-stop.ts";

export const command = clearStop({
  id: "S-12, as `line list` shows the ban",
  reason: "why it may go to users after all",
  example: "tidelock release unban S-12 --reason 'it was another release'",
});
