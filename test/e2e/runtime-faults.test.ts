import { testFaults } from './fault-table.ts';
import { runtimeFaults } from './runtime-faults.ts';

testFaults(runtimeFaults);
