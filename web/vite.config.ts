import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** `npm run dev -w web` shows the page over a server that runs already (TIDELOCK_URL). */
const server = process.env["TIDELOCK_URL"] ?? "http://localhost:7420";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2023",
    // The polyfill is an inline script, which the server's content security policy refuses.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: { proxy: { "/api": { target: server, changeOrigin: true } } },
});
