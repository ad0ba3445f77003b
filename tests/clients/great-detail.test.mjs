import * as greatDetail from "./sdks/great-detail.mjs";
import { specify } from "./spec.mjs";

specify("@great-detail/whatsapp", greatDetail, { pages: false });
