import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Relative to the page's folder, so that asset links work under any reverse-proxy prefix.
  base: './',
  build: {
    target: 'es2022',
    // The bundle is committed and compared byte for byte in CI: nothing machine-specific may enter it.
    sourcemap: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    license: { fileName: 'licenses.md' },
    chunkSizeWarningLimit: 600,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:9090', '/-/': 'http://127.0.0.1:9090' } },
  test: { include: ['tests/unit/**/*.test.ts'], environment: 'node', env: { TZ: 'UTC' } },
})
