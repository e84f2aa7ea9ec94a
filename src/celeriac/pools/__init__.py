"""Where a call happens: processes, threads, asyncio, green threads, solo; each behind one port."""
