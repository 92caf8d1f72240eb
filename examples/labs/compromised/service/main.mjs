import { answer, serve } from "./server.mjs";

serve(answer);
