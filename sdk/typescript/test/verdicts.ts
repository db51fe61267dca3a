// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { readFileSync } from "node:fs";
import { readGenesis } from "../src/index.js";
import { verdict } from "./vectors.js";

// `node verdicts.js GENESIS RECEIPT...` prints the verdict of each receipt on a line of its own,
// for tests/acceptance/test_verifiers.py.

const [genesisPath, ...receipts] = process.argv.slice(2);
const genesis = readGenesis(readFileSync(genesisPath!));
for (const path of receipts) console.log(verdict(readFileSync(path), genesis));
