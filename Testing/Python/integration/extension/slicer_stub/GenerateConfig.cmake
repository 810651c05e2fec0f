# Slicer makes <extension>Config.cmake here; nothing of it is tested.
