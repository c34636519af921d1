import { expect, test } from 'vitest';
import { withoutCollector } from '../../src/verify/plan.ts';

test('traces of a trial go nowhere, and what buildkitd refuses stays', () => {
  const refused = { OTEL_TRACES_EXPORTER: 'console', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
  expect(withoutCollector({ PATH: '/bin', JAEGER_TRACE: '' })).toEqual({ PATH: '/bin', JAEGER_TRACE: '' });
  expect(withoutCollector({ JAEGER_TRACE: 'collector:6831' })).toEqual({ JAEGER_TRACE: '127.0.0.1:1' });
  expect(withoutCollector({ JAEGER_TRACE: 'https://collector/api' })).toEqual({ JAEGER_TRACE: 'http://127.0.0.1:1' });
  expect(withoutCollector({ OTEL_TRACES_EXPORTER: 'otlp' })).toEqual({
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:1',
    OTEL_EXPORTER_OTLP_TIMEOUT: '200',
  });
  expect(withoutCollector({ JAEGER_TRACE: 'collector' })).toEqual({ JAEGER_TRACE: 'collector' });
  expect(
    withoutCollector({
      ...refused,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector:4317',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: '',
    }),
  ).toEqual({
    ...refused,
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: '',
    OTEL_EXPORTER_OTLP_TIMEOUT: '200',
  });
});
