from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('strangler_isolation', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='ownershiprecord',
            name='fence',
            field=models.PositiveBigIntegerField(default=0, help_text='id of the move that may turn it at any moment, from `verify` to `complete`; 0 for none'),
        ),
    ]
