import { testFaults } from './fault-table.ts';
import { startFaults } from './start-faults.ts';

testFaults(startFaults);
