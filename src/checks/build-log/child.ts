import { serveScan } from "../scanner/child.ts";
import { buildLogScanner } from "./scan.ts";

await serveScan(buildLogScanner);
