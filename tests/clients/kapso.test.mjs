import * as kapso from "./sdks/kapso.mjs";
import { specify } from "./spec.mjs";

specify("@kapso/whatsapp-cloud-api", kapso, { pages: true });
