import { defineConfig } from "vitest/config"

// Mutants are judged by the tests of the pure modules alone: the schedules would find most of them too, a thousand times
// slower and without saying which sentence of behaviour was broken.
export default defineConfig({
  test: {
    include: ["choices", "decision", "header-syntax", "pure", "retry", "scopes"].map((name) => `test/${name}.test.ts`),
    testTimeout: 5000
  }
})
