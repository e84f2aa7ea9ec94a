"""Where a call happens: processes, threads, asyncio, solo; each behind one port."""
