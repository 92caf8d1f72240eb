import { serveScan } from "../scanner/child.ts";
import { secretsScanner } from "./scan.ts";

await serveScan(secretsScanner);
